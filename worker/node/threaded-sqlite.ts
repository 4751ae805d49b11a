import { Worker, type Transferable } from 'node:worker_threads';
import type { Database } from '../database/port.ts';
import { openSqlite, type Rebuildable } from './sqlite.ts';

export interface ThreadData extends Rebuildable {
  file: string;
  migrations: string;
}

/** The thread that writes. */
export interface WritingThread extends Partial<Rebuildable> {
  /** Its program; by default, the one that commits to a registry's log. */
  url?: URL;
  /** What its `workerData` holds beside ThreadData. */
  data?: object;
  /** Hears what it says beside the results of batches. */
  heard?(message: object): void;
}

export interface ThreadedSqlite extends Database {
  /** Resolves where the other thread has ended with an error: nothing can be written any more. */
  died: Promise<Error>;
  /** As of SqliteDatabase, in the other thread, after what is under way. */
  checkpoint(): void;
  /** Tells the other thread's program something; answers whether there is still one to hear it. */
  tell(message: string | object, transfer?: readonly Transferable[]): boolean;
  close(): Promise<void>;
}

const COMMITTING = new URL('./commit-thread.ts', import.meta.url);

/** Why a batch failed; null where it did not. */
export type BatchResult = string | null;

/**
 * SQLite with reads in this thread and transactions in another. While one is under way this thread goes on: that is what
 * lets a group gather. Readers see what is committed (WAL).
 */
export function openThreadedSqlite(
  file: string,
  migrations: string,
  { url = COMMITTING, data, heard, isRebuildable = false }: WritingThread = {},
): ThreadedSqlite {
  const reader = openSqlite(file, migrations, { isRebuildable });
  const thread = new Worker(url, { workerData: { file, migrations, isRebuildable, ...data } satisfies ThreadData });
  /** The batches under way, oldest first: the thread answers in order. */
  const waiting: PromiseWithResolvers<void>[] = [];
  const died = Promise.withResolvers<Error>();
  let fault: Error | null = null;
  let ended: Promise<void> | null = null;
  thread.on('message', (result: BatchResult | object) => {
    if (typeof result === 'object' && result !== null) return heard?.(result);
    const batch = waiting.shift();
    if (waiting.length === 0 && ended === null) thread.unref();
    if (result === null) batch?.resolve();
    else batch?.reject(new Error(result));
  });
  // What was under way may have persisted; the sequencer finds out by reading.
  thread.on('error', (error) => {
    fault = error;
    for (const batch of waiting.splice(0)) batch.reject(error);
    died.resolve(error);
  });
  // From the start on: a thread that ended with an error did so before anybody closes it.
  const exited = new Promise<void>((resolve) => {
    thread.on('exit', () => {
      // Nobody would answer what comes from now on, either.
      fault ??= new Error('the database is closed');
      for (const batch of waiting.splice(0)) batch.reject(fault);
      resolve();
    });
  });
  thread.unref();
  const end = async (): Promise<void> => {
    // Its end is waited for, so now it does keep the process alive.
    thread.ref();
    thread.postMessage('close');
    await exited;
    reader.close();
  };
  return {
    died: died.promise,
    all: (query) => reader.all(query),
    batch(writes) {
      if (fault !== null) return Promise.reject(fault);
      const batch = Promise.withResolvers<void>();
      // Sent before it is waited for: what cannot be sent is not answered.
      thread.postMessage(
        writes.map((write) => ('rows' in write ? write : { sql: write.sql, parameters: write.parameters })),
      );
      // Whoever waits for it keeps the process alive, as nothing else may.
      if (waiting.length === 0) thread.ref();
      waiting.push(batch);
      return batch.promise;
    },
    checkpoint() {
      if (fault === null && ended === null) thread.postMessage('checkpoint');
    },
    tell(message, transfer) {
      const isHeard = fault === null && ended === null;
      if (isHeard) thread.postMessage(message, transfer);
      return isHeard;
    },
    close() {
      ended ??= end();
      return ended;
    },
  };
}
