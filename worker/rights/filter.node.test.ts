import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { encodePermits } from '../../protocol/rights/permits.ts';
import { spansOf } from '../../protocol/rights/spans.ts';
import { db } from '../database/port.ts';
import { openSqlite } from '../node/sqlite.ts';
import { createFindPermits } from './filter.ts';

const migrations = fileURLToPath(new URL('../../migrations/registry', import.meta.url));
const textOf = (license: string): string => encodePermits(spansOf(license)?.[0]?.permits ?? []);

test.each([0, 100, 300, Infinity])(
  'finds the same permits, old and new, remembering %i characters',
  async (remembered) => {
    const database = openSqlite(':memory:', migrations);
    const find = createFindPermits(database, remembered);
    const add = (id: number, text: string) =>
      database.batch([
        sql`INSERT INTO permits (id, digest, text, signer) VALUES (${id}, ${`${id}`}, ${text}, ${`${id}`})`.compile(db),
      ]);
    const commercial = { use: 'train', purpose: 'commercial' } as const;
    expect(await find(commercial)).toEqual([]);
    // A long one first: what comes after it would fit.
    await add(1, textOf('CC-BY-NC-4.0 OR CC-BY-ND-4.0'));
    await add(2, textOf('MIT'));
    expect(await find(commercial)).toEqual([2]);
    await add(5, textOf('CC-BY-NC-4.0'));
    await add(7, textOf('CC-BY-4.0'));
    for (let again = 0; again < 2; again++) {
      expect(await find(commercial)).toEqual([2, 7]);
      expect(await find({ use: 'evaluate', purpose: 'research' })).toEqual([1, 2, 5, 7]);
    }
    const [one, other] = await Promise.all([find(commercial), find(commercial)]);
    expect(one).toEqual(other);
    database.close();
  },
);
