import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { rowSourceOf } from '../../../protocol/rows/row-source.ts';
import { RowsError } from '../../../protocol/rows/rows-error.ts';
import { CliError } from '../cli-error.ts';
import { ChangedFileError } from './hash-file.ts';
import { hashLines } from './hash-lines.ts';
import { hashSpooled, type SpooledFile } from './hash-spooled.ts';
import { HashThreads } from './hash-threads.ts';
import { Spool, type SpoolFolder } from './spool.ts';
import type { FoundFile } from './walk.ts';

/** Below this a thread takes longer to start than the hashing takes. */
const WORTH_A_THREAD = 32 * 1024 * 1024;
/** From here on JSON lines are spread over all threads. */
const WORTH_ALL_THREADS = 16 * 1024 * 1024;

type OnBytes = (bytes: number) => void;

/** Hashes files on all cores, or right here where that is quicker, into `folder`. Answers in the order given. */
export async function hashContent(
  files: readonly FoundFile[],
  folder: SpoolFolder,
  onBytes: OnBytes = () => {},
): Promise<SpooledFile[]> {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  // What decodes Parquet can be made to take all memory: not that of this thread.
  const needsThread = total >= WORTH_A_THREAD || files.some((file) => formatOf(file) === 'parquet');
  try {
    return needsThread ? await hashOnThreads(files, folder, onBytes) : await hashHere(files, folder, onBytes);
  } catch (error) {
    throw explain(error);
  }
}

const formatOf = ({ path }: FoundFile): string | undefined => {
  const source = rowSourceOf(path);
  return source?.isGzip === true ? 'gzip' : source?.format;
};

async function hashHere(files: readonly FoundFile[], folder: SpoolFolder, onBytes: OnBytes): Promise<SpooledFile[]> {
  using spool = new Spool(join(folder.path, 'here'));
  const hashed: SpooledFile[] = [];
  for (const file of files) hashed.push(await hashSpooled(file, spool, onBytes));
  return hashed;
}

async function hashOnThreads(
  files: readonly FoundFile[],
  folder: SpoolFolder,
  onBytes: OnBytes,
): Promise<SpooledFile[]> {
  const hashed: SpooledFile[] = [];
  // Largest first: a large file taken last would leave the other cores idle.
  const queue = files.map((file, at) => ({ file, at })).toSorted((a, b) => a.file.bytes - b.file.bytes);
  const isLarge = ({ file }: { file: FoundFile }): boolean =>
    file.bytes >= WORTH_ALL_THREADS && formatOf(file) === 'jsonl';
  const [large, small] = [queue.filter(isLarge), queue.filter((each) => !isLarge(each))];
  const cores = availableParallelism();
  const threads = new HashThreads(large.length > 0 ? cores : Math.min(files.length, cores), folder, onBytes);
  try {
    using spool = new Spool(join(folder.path, 'here'));
    for (const { file, at } of large.toReversed()) hashed[at] = await hashLines(file, threads, spool, onBytes);
    const work = async (): Promise<void> => {
      for (let next = small.pop(); next !== undefined; next = small.pop()) {
        hashed[next.at] = await threads.hashFile({ path: next.file.path, location: next.file.location });
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

function explain(error: unknown): unknown {
  const { name, code, path, message } = error as NodeJS.ErrnoException;
  // By name, since errors from a thread are copies.
  if (name === ChangedFileError.name)
    return new CliError('conflict', message, 'wait until nothing writes to it, then run again');
  if (name === RowsError.name)
    return new CliError('invalid-file', message, 'repair it, or give it a name that does not promise rows');
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new CliError(
      'invalid-file',
      'a Parquet file takes too much memory: it is damaged, or its row groups are too large',
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
