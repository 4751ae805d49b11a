import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { rowSourceOf } from '../../../protocol/rows/row-source.ts';
import { RowsError } from '../../../protocol/rows/rows-error.ts';
import { CliError } from '../cli-error.ts';
import { ChangedFileError } from './hash-file.ts';
import { hashLines } from './hash-lines.ts';
import { hashSpooled, type OnProgress, type SpooledFile } from './hash-spooled.ts';
import { HashThreads, isParquet, StalledFileError } from './hash-threads.ts';
import { Spool, type SpoolFolder } from './spool.ts';
import type { FoundFile } from './walk.ts';

/** From how many bytes on which way of hashing is worth it. */
export interface Thresholds {
  /** Below this a thread takes longer to start than the hashing takes. */
  thread: number;
  /** From here on JSON lines are spread over all threads. */
  allThreads: number;
}

const THRESHOLDS: Thresholds = { thread: 32 * 1024 * 1024, allThreads: 16 * 1024 * 1024 };
/** From here on Parquet files are read one at a time: a row group of each would be in memory. */
const ONE_AT_A_TIME = 1024 * 1024;
/** Small files travel to a thread together: up to so many, and so many bytes. */
const TOGETHER = { files: 100, bytes: 4 * 1024 * 1024 };

/** Hashes files on all cores, or right here where that is quicker, into `folder`. Answers in the order given. */
export async function hashContent(
  files: readonly FoundFile[],
  folder: SpoolFolder,
  onProgress: OnProgress = () => {},
  thresholds: Thresholds = THRESHOLDS,
): Promise<SpooledFile[]> {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  // What decodes Parquet can be made to take all memory: not that of this thread.
  const needsThread = total >= thresholds.thread || files.some((file) => formatOf(file) === 'parquet');
  try {
    return needsThread
      ? await hashOnThreads(files, folder, onProgress, thresholds)
      : await hashHere(files, folder, onProgress);
  } catch (error) {
    throw explain(error);
  }
}

const formatOf = ({ path }: FoundFile): string | undefined => {
  const source = rowSourceOf(path);
  return source?.isGzip === true ? 'gzip' : source?.format;
};

async function hashHere(
  files: readonly FoundFile[],
  folder: SpoolFolder,
  onProgress: OnProgress,
): Promise<SpooledFile[]> {
  using spool = new Spool(join(folder.path, 'here'));
  const hashed: SpooledFile[] = [];
  for (const file of files) hashed.push(await hashSpooled(file, spool, onProgress));
  return hashed;
}

async function hashOnThreads(
  files: readonly FoundFile[],
  folder: SpoolFolder,
  onProgress: OnProgress,
  { allThreads }: Thresholds,
): Promise<SpooledFile[]> {
  const hashed: SpooledFile[] = [];
  // Largest first: a large file taken last would leave the other cores idle.
  const queue = files.map((file, at) => ({ file, at })).toSorted((a, b) => a.file.bytes - b.file.bytes);
  const isLarge = ({ file }: { file: FoundFile }): boolean => file.bytes >= allThreads && formatOf(file) === 'jsonl';
  const isAlone = ({ file }: { file: FoundFile }): boolean =>
    file.bytes >= ONE_AT_A_TIME && formatOf(file) === 'parquet';
  const [large, alone] = [queue.filter(isLarge), queue.filter(isAlone)];
  const small = queue.filter((each) => !isLarge(each) && !isAlone(each));
  const cores = availableParallelism();
  const threads = new HashThreads(large.length > 0 ? cores : Math.min(files.length, cores), folder, onProgress);
  try {
    using spool = new Spool(join(folder.path, 'here'));
    for (const { file, at } of large.toReversed()) hashed[at] = await hashLines(file, threads, spool, onProgress);
    const work = async (_: unknown, thread: number): Promise<void> => {
      for (;;) {
        const next = thread === 0 ? alone.pop() : undefined;
        const batch = next === undefined ? together(small) : [next];
        if (batch.length === 0) return;
        const done = await threads.hashFiles(batch.map(({ file: { path, location } }) => ({ path, location })));
        for (const [i, { at }] of batch.entries()) hashed[at] = done[i] as SpooledFile;
      }
    };
    const results = await Promise.allSettled(Array.from({ length: threads.count }, work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return hashed;
  } finally {
    await threads.close();
  }
}

/** Takes the next files from the end of a queue: one, and what fits beside it. */
function together<T extends { file: FoundFile }>(queue: T[]): T[] {
  const batch: T[] = [];
  for (let bytes = 0; batch.length < TOGETHER.files;) {
    const next = queue.at(-1);
    if (next === undefined) break;
    bytes += next.file.bytes;
    const isAlone = isParquet(next.file) || bytes > TOGETHER.bytes;
    if (isAlone && batch.length > 0) break;
    batch.push(queue.pop() as T);
    if (isAlone) break;
  }
  return batch;
}

function explain(error: unknown): unknown {
  const { name, code, path, message } = error as NodeJS.ErrnoException;
  // By name, since errors from a thread are copies.
  if (name === ChangedFileError.name)
    return new CliError('conflict', message, 'wait until nothing writes to it, then run again');
  if (name === RowsError.name || name === StalledFileError.name)
    return new CliError('invalid-file', message, 'repair it, or give it a name that does not promise rows');
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new CliError(
      'invalid-file',
      'a file takes too much memory: Parquet that is damaged or has too large row groups, or CSV with millions of columns',
    );
  if (code === 'ELOOP') return new CliError('invalid-file', `${path} became a symbolic link`);
  if (code === 'EACCES')
    return new CliError(
      'failed',
      `cannot read ${path}: permission denied`,
      'make it readable, or move it out of the folder',
    );
  return error;
}
