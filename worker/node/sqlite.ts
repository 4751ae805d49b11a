import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { CompiledQuery } from 'kysely';
import type { Database, Query, Write } from '../database/port.ts';
// Not the port itself: the threads that only execute need not load what builds queries.
import { normalizeRows } from '../database/rows.ts';

export interface SqliteDatabase extends Database {
  /** Moves the write-ahead log into the file and empties it: nothing that was overwritten stays behind in it. */
  checkpoint(): void;
  close(): void;
}

/** For a database that can be made again, is large, and is written in large transactions and read at random. */
export interface Rebuildable {
  isRebuildable: boolean;
}

export interface SqliteOptions extends Partial<Rebuildable> {
  /** MiB of pages in memory; by default, enough for what is read at random. */
  cache?: number;
}

/**
 * SQLite through better-sqlite3: WAL, and durable at every commit; of a database that can be made again a crash of the
 * machine may take the last commits, never half of one.
 */
export function openSqlite(
  file: string,
  migrations: string,
  { isRebuildable = false, cache = isRebuildable ? 256 : 64 }: SqliteOptions = {},
): SqliteDatabase {
  const sqlite = new Sqlite(file);
  // A row is found the sooner the less of a page is gone through, and entered the sooner the fewer pages there are.
  if (isRebuildable) sqlite.pragma('page_size = 8192');
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma(`synchronous = ${isRebuildable ? 'NORMAL' : 'FULL'}`);
  // What is in the file is read where the system has it in memory already.
  if (isRebuildable) sqlite.pragma(`mmap_size = ${2 ** 36}`);
  sqlite.pragma('foreign_keys = ON');
  sqlite.pragma('busy_timeout = 5000');
  // Many pages, and 64 MiB of log before they are moved into the file: the pages of an index on digests are hit at
  // random, and either is cheaper the more of a commit's pages it finds there already.
  sqlite.pragma(`cache_size = -${cache * 1024}`);
  sqlite.pragma('wal_autocheckpoint = 16384');
  // What is erased is overwritten, here and in the pages that become free.
  sqlite.pragma('secure_delete = ON');
  // REPLACE deletes what it replaces; with this the triggers against deleting hear of it.
  sqlite.pragma('recursive_triggers = ON');
  migrate(sqlite, migrations);

  const statements = new Map<string, Sqlite.Statement>();
  const prepare = (text: string): Sqlite.Statement => {
    let statement = statements.get(text);
    if (statement === undefined) {
      statement = sqlite.prepare(text);
      statements.set(text, statement);
    }
    return statement;
  };
  const run = ({ sql, parameters }: Query): unknown[] => {
    const statement = prepare(sql);
    if (statement.reader) return normalizeRows(statement.all(...parameters));
    statement.run(...parameters);
    return [];
  };
  const runAll = sqlite.transaction((writes: readonly Write[]) => {
    for (const write of writes) {
      if ('rows' in write) {
        const statement = prepare(write.sql);
        for (const row of write.rows) statement.run(...row);
      } else run(write);
    }
  });
  return {
    all: async <R>(query: CompiledQuery<R>) => run(query) as R[],
    batch: async (writes) => runAll.immediate(writes),
    checkpoint: () => void sqlite.pragma('wal_checkpoint(TRUNCATE)'),
    close: () => sqlite.close(),
  };
}

/** Applies the numbered files that were not applied yet, each in a transaction. */
function migrate(sqlite: Sqlite.Database, folder: string): void {
  sqlite.exec('CREATE TABLE IF NOT EXISTS applied_migrations (name TEXT PRIMARY KEY) STRICT');
  const applied = new Set(sqlite.prepare('SELECT name FROM applied_migrations').pluck().all());
  for (const name of readdirSync(folder).toSorted()) {
    if (!name.endsWith('.sql') || applied.has(name)) continue;
    sqlite.transaction(() => {
      sqlite.exec(readFileSync(join(folder, name), 'utf8'));
      sqlite.prepare('INSERT INTO applied_migrations (name) VALUES (?)').run(name);
    })();
  }
}
