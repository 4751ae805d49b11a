import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { RowsError } from '../../../protocol/rows/rows-error.ts';
import { CliError } from '../cli-error.ts';
import { ChangedFileError } from './hash-file.ts';
import { hashSpooled, type SpooledFile } from './hash-spooled.ts';
import type { HashMessage, HashTask } from './hash-thread.ts';
import { Spool, type SpoolFolder } from './spool.ts';
import type { FoundFile } from './walk.ts';

/** Below this a thread takes longer to start than the hashing takes. */
const WORTH_A_THREAD = 32 * 1024 * 1024;

/** Hashes files on all cores, or right here where that is quicker, into `folder`. Answers in the order given. */
export async function hashContent(
  files: readonly FoundFile[],
  folder: SpoolFolder,
  onBytes: (bytes: number) => void = () => {},
): Promise<SpooledFile[]> {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  try {
    return total < WORTH_A_THREAD
      ? await hashHere(files, folder, onBytes)
      : await hashOnThreads(files, folder, onBytes);
  } catch (error) {
    throw explain(error);
  }
}

async function hashHere(
  files: readonly FoundFile[],
  folder: SpoolFolder,
  onBytes: (bytes: number) => void,
): Promise<SpooledFile[]> {
  using spool = new Spool(join(folder.path, 'here'));
  const hashed: SpooledFile[] = [];
  for (const file of files) hashed.push(await hashSpooled(file, spool, onBytes));
  return hashed;
}

async function hashOnThreads(
  files: readonly FoundFile[],
  folder: SpoolFolder,
  onBytes: (bytes: number) => void,
): Promise<SpooledFile[]> {
  const hashed: SpooledFile[] = [];
  // Largest first: a large file taken last would leave the other cores idle.
  const queue = files.map((file, at) => ({ file, at })).toSorted((a, b) => a.file.bytes - b.file.bytes);
  const work = async (name: number): Promise<void> => {
    const thread = new Worker(new URL('./hash-thread.ts', import.meta.url), {
      workerData: join(folder.path, `${name}`),
    });
    try {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        hashed[next.at] = await hashOn(thread, next.file, onBytes);
      }
    } finally {
      await thread.terminate();
    }
  };
  const threads = Math.min(files.length, availableParallelism());
  const results = await Promise.allSettled(Array.from({ length: threads }, (_, i) => work(i)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return hashed;
}

function hashOn(thread: Worker, { path, location }: HashTask, onBytes: (bytes: number) => void): Promise<SpooledFile> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void): void => {
      thread.off('message', hear);
      thread.off('error', fail);
      outcome();
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const hear = (message: HashMessage): void => {
      if ('progress' in message) onBytes(message.progress);
      else if ('done' in message) settle(() => resolve(message.done));
      else settle(() => reject(Object.assign(new Error(message.failed.message), message.failed)));
    };
    thread.on('message', hear);
    thread.on('error', fail);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage({ path, location } satisfies HashTask);
  });
}

function explain(error: unknown): unknown {
  const { name, code, path, message } = error as NodeJS.ErrnoException;
  // By name, since errors from a thread are copies.
  if (name === ChangedFileError.name)
    return new CliError('conflict', message, 'wait until nothing writes to it, then run again');
  if (name === RowsError.name)
    return new CliError('invalid-file', message, 'repair it, or give it a name that does not promise rows');
  if (code === 'ELOOP') return new CliError('invalid-file', `${path} became a symbolic link`);
  if (code === 'EACCES')
    return new CliError(
      'failed',
      `cannot read ${path}: permission denied`,
      'make it readable, or move it out of the folder',
    );
  return error;
}
