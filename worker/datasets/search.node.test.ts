import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SearchQuery } from '../../schemas/search.ts';
import { fillLog } from '../../test/support/filler.ts';
import { assemble, logAll, sequencerOver, START } from '../../test/faults/cast.ts';
import { CountingDatabase } from '../../test/support/counting-database.ts';
import { db } from '../database/port.ts';
import { openSqlite } from '../node/sqlite.ts';
import { createFindPermits } from '../rights/filter.ts';
import { search } from './search.ts';

const SIZE = 60_000;
const sqlite = openSqlite(':memory:', fileURLToPath(new URL('../../migrations/registry', import.meta.url)));
const database = new CountingDatabase(sqlite);

/** Every record is of one of two languages, by turns; one in 20,000 was made by no model, and is of both. */
beforeAll(async () => {
  const cast = await assemble();
  await logAll(sequencerOver(sqlite, cast), ...cast.opening.map((each) => [each]));
  const filling = { logSigner: cast.logSigner, issuer: cast.issuer.did, loggedAt: START };
  await fillLog(sqlite, filling, cast.opening.length, SIZE);
  await sqlite.batch(
    [
      sql`INSERT INTO datasets (log_index, name, version, task_type, license, assistance)
        SELECT log_index, 'n', '1', 'evaluation', 'MIT', iif(log_index % 20000 = 10, 0, 4) FROM statements`,
      sql`INSERT INTO dataset_terms SELECT 'language', 'en', log_index FROM datasets WHERE log_index % 2 = 0`,
      sql`INSERT INTO dataset_terms SELECT 'domain', 'law', log_index FROM datasets
        WHERE log_index % 2 = 1 OR assistance = 0`,
    ].map((query) => query.compile(db)),
  );
});
afterAll(() => sqlite.close());

/** The places that are found, and what going through the lists was charged. */
async function find(query: object, most = Infinity): Promise<{ found: number[]; next: number | null; units: number }> {
  let units = 0;
  const charge = async (more: number): Promise<void> => {
    units += more;
    if (units > most) throw new Error('not so much');
  };
  const deps = { database, findPermits: createFindPermits(database), now: START, charge };
  const page = await search(deps, SearchQuery.parse(query));
  return { found: page.datasets.map(({ index }) => index), next: page.next, units };
}

test.each([
  { maxAssistance: 'none' },
  { language: 'en', domain: 'law' },
  { taskType: 'evaluation', maxAssistance: 'none' },
  { taskType: 'evaluation', language: 'en', domain: 'law', maxAssistance: 'none' },
])('what has to be gone through for %o is charged, and all of it is found', async (query) => {
  const all = await find(query);
  expect(all).toMatchObject({ found: [40_010, 20_010, 10], next: null });
  expect(all.units).toBeGreaterThan(0);
  await expect(find(query, all.units - 1)).rejects.toThrow('not so much');

  const first = await find({ ...query, limit: '2' });
  expect(first).toMatchObject({ found: [40_010, 20_010], next: 20_010 });
  expect(await find({ ...query, limit: '2', after: '20010' })).toMatchObject({ found: [10], next: null });
  expect(await find({ ...query, limit: '1', after: '20011' })).toMatchObject({ found: [20_010], next: 20_010 });
  expect(await database.scans()).toEqual([]);
});

test('what is found at once is not charged', async () => {
  for (const query of [
    { language: 'en' },
    { language: 'en', maxAssistance: 'synthetic' },
    { maxAssistance: 'synthetic' },
  ]) {
    expect(await find(query)).toMatchObject({ units: 0, found: expect.objectContaining({ length: 20 }) });
  }
});
