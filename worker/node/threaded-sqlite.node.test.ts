import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openThreadedSqlite } from './threaded-sqlite.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations/content-index', import.meta.url));

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'firsthand-sqlite-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('a batch that comes when the database is closed is refused, and not left without an answer', async () => {
  const database = openThreadedSqlite(join(temporaryFolder(), 'some.sqlite'), MIGRATIONS);
  const write = [{ sql: 'CREATE TABLE more (x)', parameters: [] }];
  await database.batch(write);
  const ended = database.close();
  const meanwhile = database.batch(write);
  await expect(meanwhile).rejects.toThrow('the database is closed');
  await ended;
  await expect(database.batch(write)).rejects.toThrow('the database is closed');
});

test('a process that waits for a batch, and for nothing else, does not end before it is written', () => {
  const program = `
    import { openThreadedSqlite } from '${new URL('./threaded-sqlite.ts', import.meta.url)}';
    const database = openThreadedSqlite(process.argv[2], process.argv[3]);
    await database.batch([{ sql: 'CREATE TABLE more (x)', parameters: [] }]);
    await database.close();
    process.stdout.write('written');`;
  const folder = temporaryFolder();
  const script = join(folder, 'script.mjs');
  writeFileSync(script, program);
  const printed = execFileSync(process.execPath, [script, join(folder, 'some.sqlite'), MIGRATIONS]);
  expect(printed.toString()).toBe('written');
});
