import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catchUpStep } from '../content/catch-up.ts';
import { isPending } from '../content/fill.ts';
import type { Deps, Indexer, Log } from '../deps.ts';
import { settleSome } from '../rights/settle.ts';
import { openThreadedSqlite, type ThreadData, type ThreadedSqlite } from './threaded-sqlite.ts';

export interface IndexThreadData extends ThreadData {
  /** The folder of the blobs. */
  blobs: string;
}

/** What the thread says: something to be logged, or that nothing is left to fill (null), or why it gave up. */
export interface Filled {
  event?: Parameters<Log>[0];
  filled?: string | null;
}

export interface IndexDatabase extends ThreadedSqlite {
  /** As openSqlite takes them, for threads that only read. */
  file: string;
  migrations: string;
  /** Fills the row index, in the other thread. Resolves once nothing is left to fill; rejects where that thread has ended. */
  fill(): Promise<void>;
}

/** The content index of a registry's data folder; emptied first, where it is to be made anew. */
export function openIndexDatabase(dataDir: string, log: Log, isAnew: boolean): IndexDatabase {
  const file = join(dataDir, 'content-index.sqlite');
  if (isAnew) for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  const migrations = fileURLToPath(new URL('../../migrations/content-index', import.meta.url));
  let filling: PromiseWithResolvers<void> | null = null;
  const end = (fault: string | null): void => {
    const ended = filling;
    filling = null;
    if (fault === null) ended?.resolve();
    else ended?.reject(new Error(fault));
  };
  const database = openThreadedSqlite(file, migrations, {
    url: new URL('./index-thread.ts', import.meta.url),
    isRebuildable: true,
    data: { blobs: join(dataDir, 'blobs') },
    heard({ event, filled }: Filled) {
      if (event !== undefined) log(event);
      if (filled !== undefined) end(filled);
    },
  });
  void database.died.then((error) => end(error.message));
  return {
    ...database,
    file,
    migrations,
    fill() {
      if (!database.tell('fill')) return Promise.reject(new Error('the thread that fills the index has ended'));
      filling ??= Promise.withResolvers();
      return filling.promise;
    },
    close() {
      end(null);
      return database.close();
    },
  };
}

/** Settles what is permitted, goes through the log, then fills, whenever it is woken; whoever wakes it meanwhile has it go once more. */
export function createIndexer(
  deps: Pick<Deps, 'database' | 'blobs' | 'contentIndex' | 'log'>,
  content: IndexDatabase,
): Indexer & { close(): Promise<void> } {
  let running: Promise<void> | null = null;
  let isWoken = false;
  const closing = new AbortController();
  const { signal } = closing;
  const run = async (): Promise<void> => {
    try {
      while (isWoken && !signal.aborted) {
        isWoken = false;
        while (!signal.aborted && (await settleSome(deps.database)));
        while (!signal.aborted && (await catchUpStep(deps)));
        // What fills is loaded by a thread of its own, and not for nothing.
        if (!signal.aborted && (await isPending(content))) await content.fill();
      }
    } catch (error) {
      // Whatever it was, maintenance wakes the indexer again.
      const message = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) deps.log({ event: 'indexing-failed', message });
    } finally {
      running = null;
    }
  };
  return {
    async wake() {
      isWoken = true;
      running ??= run();
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}
