import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Database } from '../database/port.ts';
import { openSqlite } from './sqlite.ts';

export interface ThreadData {
  file: string;
  migrations: string;
}

export interface ThreadedSqlite extends Database {
  /** As of SqliteDatabase, in the other thread, after what is under way. */
  checkpoint(): void;
  close(): Promise<void>;
}

/** Why a batch failed; null where it did not. */
export type BatchResult = string | null;

/**
 * SQLite with reads in this thread and transactions in another. While one is under way this thread goes on: that is what
 * lets a group gather. Readers see what is committed (WAL).
 */
export function openThreadedSqlite(file: string, migrations: string): ThreadedSqlite {
  const reader = openSqlite(file, migrations);
  const thread = new Worker(new URL('./commit-thread.ts', import.meta.url), {
    workerData: { file, migrations } satisfies ThreadData,
  });
  /** The batches under way, oldest first: the thread answers in order. */
  const waiting: PromiseWithResolvers<void>[] = [];
  let fault: Error | null = null;
  thread.on('message', (result: BatchResult) => {
    const batch = waiting.shift();
    if (result === null) batch?.resolve();
    else batch?.reject(new Error(result));
  });
  // What was under way may have persisted; the sequencer finds out by reading.
  thread.on('error', (error) => {
    fault = error;
    for (const batch of waiting.splice(0)) batch.reject(error);
  });
  thread.unref();
  let ended: Promise<void> | null = null;
  const end = async (): Promise<void> => {
    // Its end is waited for, so now it does keep the process alive.
    thread.ref();
    thread.postMessage('close');
    await once(thread, 'exit');
    reader.close();
  };
  return {
    all: (query) => reader.all(query),
    batch(writes) {
      if (fault !== null) return Promise.reject(fault);
      const batch = Promise.withResolvers<void>();
      waiting.push(batch);
      thread.postMessage(
        writes.map((write) => ('rows' in write ? write : { sql: write.sql, parameters: write.parameters })),
      );
      return batch.promise;
    },
    checkpoint() {
      if (fault === null && ended === null) thread.postMessage('checkpoint');
    },
    close() {
      ended ??= end();
      return ended;
    },
  };
}
