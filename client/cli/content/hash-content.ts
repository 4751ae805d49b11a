import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { CliError } from '../cli-error.ts';
import { ChangedFileError, hashFile, type HashedFile } from './hash-file.ts';
import type { HashMessage } from './hash-thread.ts';
import type { FoundFile } from './walk.ts';

/** Below this a thread takes longer to start than the hashing takes. */
const WORTH_A_THREAD = 32 * 1024 * 1024;

/** Hashes files on all cores, or right here where that is quicker. Answers in the order given. */
export async function hashContent(
  files: readonly FoundFile[],
  onBytes: (bytes: number) => void = () => {},
): Promise<HashedFile[]> {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  try {
    if (total < WORTH_A_THREAD) return files.map((file) => hashFile(file.location, onBytes));
    return await hashOnThreads(files, onBytes);
  } catch (error) {
    throw explain(error);
  }
}

async function hashOnThreads(files: readonly FoundFile[], onBytes: (bytes: number) => void): Promise<HashedFile[]> {
  const hashed: HashedFile[] = [];
  // Largest first: a large file taken last would leave the other cores idle.
  const queue = files.map((file, at) => ({ file, at })).toSorted((a, b) => a.file.bytes - b.file.bytes);
  const work = async (): Promise<void> => {
    const thread = new Worker(new URL('./hash-thread.ts', import.meta.url));
    try {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        hashed[next.at] = await hashOn(thread, next.file.location, onBytes);
      }
    } finally {
      await thread.terminate();
    }
  };
  const threads = Math.min(files.length, availableParallelism());
  const results = await Promise.allSettled(Array.from({ length: threads }, work));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return hashed;
}

function hashOn(thread: Worker, location: string, onBytes: (bytes: number) => void): Promise<HashedFile> {
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
    thread.postMessage(location);
  });
}

function explain(error: unknown): unknown {
  const { name, code, path, message } = error as NodeJS.ErrnoException;
  // By name, since errors from a thread are copies.
  if (name === ChangedFileError.name)
    return new CliError('conflict', message, 'wait until nothing writes to it, then run again');
  if (code === 'ELOOP') return new CliError('invalid-file', `${path} became a symbolic link`);
  if (code === 'EACCES')
    return new CliError(
      'failed',
      `cannot read ${path}: permission denied`,
      'make it readable, or move it out of the folder',
    );
  return error;
}
