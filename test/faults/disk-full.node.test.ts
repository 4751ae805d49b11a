import { afterEach, beforeEach, expect, test } from 'vitest';
import { assemble, growTo, sequencerOver } from './cast.ts';
import { nodeShell } from './node-shell.ts';
import type { Storage } from './shell.ts';
import { query, verifyStored } from './stored-log.ts';

let storage: Storage;
beforeEach(async () => {
  storage = await nodeShell.open();
});
afterEach(() => storage.close());

// SQLite itself says that it is full, in the midst of a transaction's writes.
test('a full disk: unavailable, the log as it was; with room again, logged once', async () => {
  const cast = await assemble();
  const reports: string[] = [];
  const sequencer = sequencerOver(storage.database, cast, {
    report: (event, detail) => reports.push(`${event}: ${detail}`),
  });
  await growTo(300, sequencer, cast);
  const [{ page_count } = { page_count: 0 }] = await query<{ page_count: number }>(
    storage.database,
    'PRAGMA page_count',
  );
  await query(storage.database, `PRAGMA max_page_count = ${page_count + 5}`);
  const group = await cast.several(500);
  const refused = await sequencer.append(group);
  expect(refused.map((outcome) => outcome.ok || outcome.reason.code)).toEqual(group.map(() => 'unavailable'));
  expect(reports.at(-1)).toMatch(/^commit-failed: .*full/);
  expect(await verifyStored(storage.database, cast.logKey)).toHaveLength(300);
  await query(storage.database, 'PRAGMA max_page_count = 1000000');
  for (const outcome of await sequencer.append(group)) expect(outcome.ok && outcome.value.isNew).toBe(true);
  expect(await verifyStored(storage.database, cast.logKey)).toHaveLength(800);
});
