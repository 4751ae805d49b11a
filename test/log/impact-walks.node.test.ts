import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Did } from '../../schemas/primitives.ts';
import { limits } from '../../schemas/limits.ts';
import { impactPage } from '../../worker/impact/touched.ts';
import { targetOf, touchedBetween, touchedWithin, type WalkRow } from '../../worker/database/impact.ts';
import { db } from '../../worker/database/port.ts';
import { nodeShell } from '../faults/node-shell.ts';
import type { Storage } from '../faults/shell.ts';
import { idOf } from '../support/statements.ts';

// What a withdrawal may touch is found in two ways: down from the statement, and up from a window of the log. They agree.

const SIZE = 300;
const KEYS = 6;
const did = (key: number): string => `did:key:${key}`;

const statement = fc.record({
  kind: fc.constantFrom(
    'DatasetRecord',
    'DatasetRecord',
    'DatasetRecord',
    'HumanCredential',
    'ReviewRecord',
    'RightsGrant',
  ),
  by: fc.nat({ max: KEYS - 1 }),
  names: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 3 }),
  isErased: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

let storage: Storage;
beforeAll(async () => {
  storage = await nodeShell.open();
  const [world = []] = fc.sample(fc.array(statement, { minLength: SIZE, maxLength: SIZE }), { seed: 7, numRuns: 1 });
  const kinds = world.map(({ kind }, i) => (i < KEYS ? 'Accreditation' : kind));
  const records = kinds.flatMap((kind, i) => (kind === 'DatasetRecord' ? [i] : []));
  const writes = world.flatMap(({ by, names, isErased }, i) => {
    const kind = kinds[i] as string;
    const earlier = records.filter((at) => at < i);
    const named = names.flatMap((back) => earlier.at(-1 - (back % Math.max(1, earlier.length))) ?? []);
    const [first] = named;
    const refs: [string, string][] =
      kind === 'Accreditation'
        ? [['accredits', did(i)]]
        : kind === 'HumanCredential'
          ? [['attests', did((by + 1) % KEYS)]]
          : kind === 'DatasetRecord'
            ? named.map((at, n) => [n === 0 ? 'part' : 'source', idOf(`${at}`)])
            : [[kind === 'RightsGrant' ? 'grants' : 'reviews', idOf(`${first}`)]];
    const subject = kind === 'RightsGrant' ? { record: idOf(`${first}`) } : { id: refs[0]?.[1] };
    // Whose an erased credential was is not known any more.
    const body = isErased && kind !== 'Accreditation' ? null : JSON.stringify({ credentialSubject: subject });
    return [
      sql`INSERT INTO statements VALUES (${i}, ${idOf(`${i}`)}, ${kind}, ${did(by)}, ${i}, ${body})`,
      ...(body === null && kind === 'HumanCredential' ? [] : refs).map(
        ([relation, target]) => sql`INSERT OR IGNORE INTO refs VALUES (${relation}, ${target}, ${i})`,
      ),
    ].map((query) => query.compile(db));
  });
  await storage.database.batch(writes);
});
afterAll(() => storage.close());

test('down from what is withdrawn, and up from a window of the log, the same is found', async () => {
  const { database } = storage;
  const found = new Map<string, number>();
  const told = async (query: ReturnType<typeof touchedBetween>): Promise<WalkRow[]> =>
    (await database.all(query)).map((row) => ({ ...row, visited: 0 }));
  for (let i = 0; i < SIZE; i += 3) {
    const [target] = await database.all(targetOf(idOf(`${i}`)));
    if (target === undefined || target.erased === 1) continue;
    for (const [after, below] of [
      [0, SIZE],
      [target.root, target.root + 40],
      [200, 260],
    ] as const) {
      const reach = { after: Math.max(after, target.root), below, limit: 50, most: 10_000 };
      const down = await told(touchedBetween(target, reach));
      expect(await told(touchedWithin(target, reach)), `${target.kind} ${i}, from ${after} to ${below}`).toEqual(down);
      found.set(target.kind, Math.max(found.get(target.kind) ?? 0, down.length));
    }
  }
  expect(found.get('Accreditation')).toBe(50);
  for (const kind of ['DatasetRecord', 'HumanCredential', 'RightsGrant']) {
    expect(found.get(kind), kind).toBeGreaterThan(10);
  }
});

test('neither goes through more than it may, and says so', async () => {
  const { database } = storage;
  const [target] = await database.all(targetOf(idOf('1')));
  if (target === undefined) throw new Error('there is no accreditation');
  const reach = { after: target.root, below: SIZE, limit: 10, most: 20 };
  for (const query of [touchedBetween(target, reach), touchedWithin(target, reach)]) {
    expect((await database.all(query))[0]?.visited).toBe(21);
  }
});

/** A log in which an issuer vouches for one key again and again, and the key signs records after that. */
async function vouchedFor(credentials: number, records: number): Promise<Storage> {
  const many = await nodeShell.open();
  const put = (i: number, kind: string, by: string, subject: string, relation: string) => {
    const body = JSON.stringify({
      type: ['VerifiableCredential', kind],
      issuer: by,
      credentialSubject: { id: subject },
    });
    return [
      sql`INSERT INTO statements VALUES (${i}, ${idOf(`${i}`)}, ${kind}, ${by}, ${i}, ${body})`,
      ...(relation === '' ? [] : [sql`INSERT INTO refs VALUES (${relation}, ${subject}, ${i})`]),
    ];
  };
  const writes = [
    put(0, 'Accreditation', did(0), did(1), 'accredits'),
    ...Array.from({ length: credentials }, (_, i) => put(1 + i, 'HumanCredential', did(1), did(2), 'attests')),
    ...Array.from({ length: records }, (_, i) => put(1 + credentials + i, 'DatasetRecord', did(2), '', '')),
  ];
  await many.database.batch(writes.flat().map((query) => query.compile(db)));
  return many;
}

test('a key with many credentials and many records is gone through once, not once for each of both', async () => {
  const [credentials, records] = [2000, 3000];
  const many = await vouchedFor(credentials, records);
  const [target] = await many.database.all(targetOf(idOf('0')));
  if (target === undefined) throw new Error('there is no accreditation');
  const reach = { after: credentials, below: 1 + credentials + records, limit: 500, most: 10_000 };
  for (const query of [touchedBetween(target, reach), touchedWithin(target, reach)]) {
    const rows = await many.database.all(query);
    expect(rows).toHaveLength(500);
    expect(rows.at(-1)).toMatchObject({ log_index: credentials + 499, credential: idOf('1') });
  }
  await many.close();
});

test('what more decides about than may be read is no answer: nothing is told as untouched for want of it', async () => {
  const { database, close } = await vouchedFor(limits.certificateStatements, 1);
  const size = limits.certificateStatements + 2;
  await database.batch([db.insertInto('checkpoints').values({ size, previous_size: 0, note: '' }).compile()]);
  const deps = { database, operator: async () => did(0) as Did, now: () => size };
  const page = impactPage(deps, idOf('1'), { after: size - 1, limit: 100 });
  await expect(page).rejects.toThrow(
    new RegExp(`behind entry ${size - 1} is more than 20000 .*go on from entry ${size}`),
  );
  await close();
});
