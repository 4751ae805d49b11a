import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { MAINTENANCE } from '../../worker/maintenance.ts';
import { startRegistry } from '../../worker/node/start.ts';
import { temporaryFolder } from '../support/registry-node.ts';

test('a started registry signs its status lists before anyone asks', async () => {
  const dataDir = await temporaryFolder();
  const running = await startRegistry({ dataDir, host: '127.0.0.1', port: 0, log: () => {} });
  const file = new Sqlite(join(dataDir, 'registry.sqlite'), { readonly: true });
  const stored = (): unknown[] => file.prepare('SELECT list, size FROM status_lists').all();
  await expect.poll(stored).toEqual([{ list: 0, size: 2 }]);
  file.close();
  await running.close();
  await rm(dataDir, { recursive: true });
});

test('both shells keep the same hours', async () => {
  const configuration = await readFile(new URL('../../wrangler.toml', import.meta.url), 'utf8');
  expect(configuration).toContain(`crons = ["*/${MAINTENANCE / 60_000} * * * *"]`);
});
