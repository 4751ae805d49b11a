import { parentPort } from 'node:worker_threads';
import { hashFile, type HashedFile } from './hash-file.ts';

/** What the thread says: bytes done since the last word, and at the end of a file its hash or why there is none. */
export type HashMessage =
  | { progress: number }
  | { done: HashedFile }
  | { failed: { name: string; message: string; code?: string | undefined; path?: string | undefined } };

/** Bytes between two reports of progress. */
const REPORT = 32 * 1024 * 1024;

const port = parentPort;
port?.on('message', (location: string) => {
  let pending = 0;
  try {
    const done = hashFile(location, (bytes) => {
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
