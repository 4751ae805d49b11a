import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CompiledQuery } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { openIndexDatabase } from './index-database.ts';
import { openThreadedSqlite, type ThreadedSqlite } from './threaded-sqlite.ts';

const ANYTHING = CompiledQuery.raw('SELECT 1');
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

/** A database whose thread dies as it starts. */
const openDying = (): ThreadedSqlite =>
  openThreadedSqlite(join(temporaryFolder(), 'some.sqlite'), MIGRATIONS, {
    url: new URL('data:text/javascript,throw new Error("no memory left")'),
    isRebuildable: false,
    data: {},
    heard: () => {},
  });

test('a database whose thread has died refuses what comes, and is closed all the same', async () => {
  const database = openDying();
  const write = [{ sql: 'CREATE TABLE more (x)', parameters: [] }];
  await expect(database.batch(write)).rejects.toThrow('no memory left');
  expect(await database.died).toMatchObject({ message: 'no memory left' });
  // Its thread is gone for good by now.
  await new Promise(setImmediate);
  expect(database.tell('anything')).toBe(false);
  await database.close();
  await database.close();
  await expect(database.batch(write)).rejects.toThrow('no memory left');
});

test('a thread that dies while it is closed is no reason to leave the database open', async () => {
  const database = openDying();
  await database.close();
  await expect(database.all(ANYTHING)).rejects.toThrow('not open');
});

test('what cannot be sent to the thread leaves no other batch without its answer', async () => {
  const database = openThreadedSqlite(join(temporaryFolder(), 'some.sqlite'), MIGRATIONS);
  const unsendable = async () => database.batch([{ sql: 'SELECT ?', parameters: [() => {}] }]);
  await expect(unsendable()).rejects.toThrow('could not be cloned');
  await database.batch([{ sql: 'CREATE TABLE more (x)', parameters: [] }]);
  await database.close();
});

test('nobody waits for an index to be filled whose thread has ended', async () => {
  const content = openIndexDatabase(temporaryFolder(), () => {}, false);
  await content.close();
  await expect(content.fill()).rejects.toThrow('the thread that fills the index has ended');
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
