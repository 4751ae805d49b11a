import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFileBlobs } from '../../worker/node/file-blobs.ts';
import { openSqlite, type SqliteDatabase } from '../../worker/node/sqlite.ts';
import type { Shell } from './shell.ts';

const migrations = (name: string): string => fileURLToPath(new URL(`../../migrations/${name}`, import.meta.url));

export const nodeShell: Shell = {
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'firsthand-faults-'));
    const opened: SqliteDatabase[] = [];
    const open = (file: string, folderOf: string): SqliteDatabase => {
      const database = openSqlite(join(folder, file), migrations(folderOf));
      opened.push(database);
      return database;
    };
    return {
      database: open('registry.sqlite', 'registry'),
      connect: () => open('registry.sqlite', 'registry'),
      content: open('content-index.sqlite', 'content-index'),
      blobs: createFileBlobs(join(folder, 'blobs')),
      async close() {
        for (const database of opened) database.close();
        await rm(folder, { recursive: true });
      },
    };
  },
};
