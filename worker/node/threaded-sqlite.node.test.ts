import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../client/cli/testing/run-cli.ts';
import { openThreadedSqlite } from './threaded-sqlite.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations/content-index', import.meta.url));

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
