import { parentPort, workerData } from 'node:worker_threads';
import { hashSpooled, type SpooledFile } from './hash-spooled.ts';
import { Spool } from './spool.ts';

/** What the thread says: bytes done since the last word, and at the end of a file its hash or why there is none. */
export type HashMessage =
  | { progress: number }
  | { done: SpooledFile }
  | { failed: { name: string; message: string; code?: string | undefined; path?: string | undefined } };

/** What a thread is asked: a file. */
export interface HashTask {
  path: string;
  location: string;
}

/** Bytes between two reports of progress. */
const REPORT = 32 * 1024 * 1024;

const port = parentPort;
// The process removes the folder, and the operating system closes the file with the thread.
const spool = new Spool(workerData as string);
port?.on('message', async (task: HashTask) => {
  let pending = 0;
  try {
    const done = await hashSpooled(task, spool, (bytes) => {
      pending += bytes;
      if (pending < REPORT) return;
      port.postMessage({ progress: pending } satisfies HashMessage);
      pending = 0;
    });
    port.postMessage({ progress: pending } satisfies HashMessage);
    port.postMessage({ done } satisfies HashMessage);
  } catch (error) {
    const { name, message, code, path } = error as NodeJS.ErrnoException;
    port.postMessage({ failed: { name, message, code, path } } satisfies HashMessage);
  }
});
