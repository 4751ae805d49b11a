import { parentPort } from 'node:worker_threads';
import type { Write } from '../database/port.ts';
import type { SqliteDatabase } from './sqlite.ts';
import type { BatchResult } from './threaded-sqlite.ts';

/** Runs in the thread that owns the connection that writes: does as it is told, one batch after the other. */
export function serveWrites<T>(database: SqliteDatabase, otherwise: (message: T | 'close') => void): void {
  parentPort?.on('message', (message: Write[] | T | 'checkpoint' | 'close') => {
    if (message === 'checkpoint') {
      try {
        database.checkpoint();
      } catch {
        // A full disk, say. The log stays as it is until the next time.
      }
    } else if (message === 'close') {
      otherwise(message);
      database.close();
      parentPort?.close();
    } else if (!Array.isArray(message)) {
      otherwise(message);
    } else {
      void database.batch(message).then(
        () => parentPort?.postMessage(null satisfies BatchResult),
        (error: Error) => parentPort?.postMessage(error.message satisfies BatchResult),
      );
    }
  });
}
