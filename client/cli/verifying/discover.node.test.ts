import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { limits } from '../../../schemas/limits.ts';
import type { Digest, StatementId } from '../../../schemas/primitives.ts';
import type { Check } from '../../../schemas/report.ts';
import { heldFile } from '../../../test/support/row-files.ts';
import { digestOfRow } from '../../../test/support/rows.ts';
import { idOf } from '../../../test/support/statements.ts';
import { RowSet } from '../../../protocol/rows/row-set.ts';
import type { Verification } from '../../../protocol/verify/verify.ts';
import { createOutput } from '../output.ts';
import type { ContentFile } from '../../content/content-file.ts';
import { failedReport } from '../commands/verify.ts';
import { discover } from './discover.ts';

const out = createOutput(new PassThrough(), new PassThrough(), { json: true, env: {} });
const DONE = { through: 9, size: 9, pendingRows: 0 };
/** Every record that is found is there, and says nothing of others. */
const ALL = { admit: async () => true, claimsOf: () => undefined };
const rowsOf = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `{"${name}":${i}}`);

/** Local content, and a registry that holds records of rows; what is judged is who has which row first. */
function world(texts: readonly string[], records: Record<string, ReadonlySet<string>>) {
  const held = heldFile('mix.jsonl', texts);
  const file: ContentFile = { ...held.certified, rowDigests: held.local.rowDigests ?? null };
  const textOf = new Map(texts.map((row) => [digestOfRow(row), row]));
  const asked: number[] = [];
  const judged: string[][] = [];
  const nameOf = new Map(Object.keys(records).map((name) => [idOf(name), name]));
  const client = {
    async lookup(digests: readonly Digest[]) {
      asked.push(digests.length);
      const matches = digests.map((digest) => {
        const row = textOf.get(digest);
        const having = Object.keys(records).filter((name) => row !== undefined && records[name]?.has(row));
        return { digest, records: having.map(idOf) };
      });
      return { matches, index: DONE };
    },
  };
  const judge = async (ids: readonly StatementId[]): Promise<Verification> => {
    const names = Object.keys(records).filter((name) => ids.includes(idOf(name)));
    judged.push(names);
    const unmatched = new RowSet(texts.length);
    const counts = new Map<string, number>();
    for (const [i, row] of texts.entries()) {
      const owner = names.find((name) => records[name]?.has(row));
      if (owner === undefined) unmatched.add(i);
      else counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    const report = failedReport({ id: 'standing', outcome: 'fail', detail: '' }, 0);
    const byRecord = [...counts].map(([name, rows]) => ({ record: idOf(name), rows }));
    return {
      report: { ...report, coverage: { byRecord } as NonNullable<typeof report.coverage> },
      unmatched: unmatched.size === 0 ? [] : [{ file, rows: unmatched, count: unmatched.size, detail: '' }],
    };
  };
  return { file, client, judge, asked, judged, nameOf };
}

test('looks up a sample, and then only what the lists of those found do not certify', async () => {
  const texts = [...rowsOf('a', 30_000), ...rowsOf('x', 15_000)];
  const { file, client, judge, asked, judged } = world(texts, { a: new Set(rowsOf('a', 30_000)) });
  const found = await discover({ out }, [file], { client, judge, ...ALL });
  expect(judged).toEqual([['a']]);
  // The file itself; the sample, the first of it alone; the rows that are nobody's.
  expect(asked).toEqual([1, 313, 9687, 10_000, 5000]);
  expect(found).toMatchObject({ index: DONE, leftOut: [] });
});

test('finds a record that the sample missed', async () => {
  const texts = [...rowsOf('a', 40_000), '{"b":1}'];
  const { file, client, judge, judged } = world(texts, { a: new Set(rowsOf('a', 40_000)), b: new Set(['{"b":1}']) });
  const { verification } = await discover({ out }, [file], { client, judge, ...ALL });
  expect(judged.at(-1)).toEqual(['a', 'b']);
  expect(verification?.unmatched).toEqual([]);
});

test('verifies against the few records that the first of a sample names while the rest is looked up', async () => {
  const { file, client, judge } = world(rowsOf('a', 2000), { a: new Set(rowsOf('a', 2000)) });
  const judging = Promise.withResolvers<void>();
  const waiting = {
    async lookup(digests: readonly Digest[]) {
      if (digests.length > 1000) await judging.promise;
      return client.lookup(digests);
    },
  };
  const order: string[] = [];
  const { verification } = await discover({ out }, [file], {
    client: waiting,
    ...ALL,
    admit: async () => order.push('admit') > 0,
    expect: (_open, _settled, isAtOnce) => void order.push(isAtOnce ? 'expect' : 'fill'),
    judge: (ids) => {
      order.push('judge');
      judging.resolve();
      return judge(ids);
    },
  });
  expect(order).toEqual(['admit', 'expect', 'judge']);
  expect(verification?.unmatched).toEqual([]);
});

test('verifies again where the rest of a sample names more records, and waits for it where they are many', async () => {
  const texts = rowsOf('a', 2000);
  const two = world(texts, { a: new Set(texts.filter((_, i) => i !== 1)), b: new Set(texts) });
  await discover({ out }, [two.file], { ...two, ...ALL });
  expect(two.judged).toEqual([['a'], ['a', 'b']]);
  const parts = Object.fromEntries(
    [0, 1, 2, 3, 4].map((n) => [`part ${n}`, new Set(texts.filter((_, i) => i % 5 === n))]),
  );
  const many = world(texts, parts);
  await discover({ out }, [many.file], { ...many, ...ALL });
  expect(many.judged).toEqual([Object.keys(parts)]);
});

test('gives up what it verifies against where the rest of a sample names more', async () => {
  const texts = rowsOf('a', 2000);
  const { file, client, judge } = world(texts, { a: new Set(texts.filter((_, i) => i !== 1)), b: new Set(texts) });
  let given = 0;
  const { verification } = await discover({ out }, [file], {
    client,
    ...ALL,
    judge: async (ids, signal) => {
      if (ids.length > 1) return judge(ids);
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      given++;
      throw signal?.reason;
    },
  });
  expect(given).toBe(1);
  expect(verification?.report.coverage?.byRecord).toEqual([
    { record: idOf('a'), rows: 1999 },
    { record: idOf('b'), rows: 1 },
  ]);
});

test('a look-up of the rest that fails ends the search', async () => {
  const { file, client, judge } = world(rowsOf('a', 2000), { a: new Set(rowsOf('a', 2000)) });
  const failing = {
    lookup: async (digests: readonly Digest[]) => {
      if (digests.length > 1000) throw new Error('the registry is gone');
      return client.lookup(digests);
    },
  };
  const search = discover({ out }, [file], { client: failing, judge, ...ALL });
  await expect(search).rejects.toThrow('the registry is gone');
});

test('takes the oldest record of each row, and lets go of one that turns out to own nothing', async () => {
  const rows = rowsOf('a', 10);
  const { file, client, judge } = world(rows, { old: new Set(rows.slice(0, 4)), copy: new Set(rows) });
  const { verification } = await discover({ out }, [file], { client, judge, ...ALL });
  expect(verification?.report.coverage?.byRecord).toEqual([
    { record: idOf('old'), rows: 4 },
    { record: idOf('copy'), rows: 6 },
  ]);
  const lost = world(rows, { a: new Set(rows), b: new Set() });
  const lying = {
    lookup: async (digests: readonly Digest[]) => ({
      matches: digests.map((digest, i) => ({
        digest,
        records: digests.length === 1 ? [] : [idOf(i % 2 === 0 ? 'a' : 'b')],
      })),
      index: DONE,
    }),
  };
  await discover({ out }, [lost.file], { client: lying, judge: lost.judge, ...ALL });
  expect(lost.judged).toEqual([['a', 'b'], ['a']]);
});

test('adds later versions of what it finds, and theirs, each once', async () => {
  const rows = rowsOf('a', 10);
  const { file, client, judge, judged } = world(rows, {
    third: new Set(rows),
    second: new Set(),
    first: new Set(rows),
  });
  const next = new Map([
    [idOf('first'), idOf('second')],
    [idOf('second'), idOf('third')],
    [idOf('third'), idOf('first')],
  ]);
  const admitted: StatementId[] = [];
  await discover({ out }, [file], {
    client: {
      lookup: async (digests) => ({
        ...(await client.lookup(digests)),
        matches: digests.map((digest) => ({ digest, records: digests.length === 1 ? [] : [idOf('first')] })),
      }),
    },
    judge,
    admit: async (record) => admitted.push(record) > 0,
    claimsOf: (record) => ({ records: [record], versions: [next.get(record) ?? record] }),
  });
  expect(admitted).toEqual([idOf('first'), idOf('second'), idOf('third')]);
  expect(judged).toEqual([['third', 'second', 'first'], ['third']]);
});

test('says what could not be read of a record that owns nothing without it', async () => {
  const rows = rowsOf('a', 10);
  const had = world(rows, { a: new Set(rows.slice(0, 6)), b: new Set(rows) });
  const known = world(rows, { a: new Set(rows.slice(0, 6)), b: new Set() });
  const unread = (name: string): Check => ({
    id: 'content.rows',
    outcome: 'warn',
    detail: 'a list is not at hand',
    statement: idOf(name),
  });
  const judge = async (ids: readonly StatementId[]): Promise<Verification> => {
    const { report, unmatched } = await known.judge(ids);
    const checks = ['a', 'b'].filter((name) => ids.includes(idOf(name))).map(unread);
    return { report: { ...report, checks }, unmatched };
  };
  const { verification } = await discover({ out }, [had.file], { client: had.client, judge, ...ALL });
  expect(known.judged.at(-1)).toEqual(['a']);
  expect(verification?.report.checks).toEqual([unread('a'), unread('b')]);
});

test('a registry that names records without end, or that it does not serve, is left at the bound', async () => {
  const { file, judge, judged } = world(rowsOf('a', 15_000), {});
  let number = 0;
  const endless = {
    lookup: async (digests: readonly Digest[]) => ({
      matches: digests.map((digest) => ({ digest, records: digests.length === 1 ? [] : [idOf(`record ${number++}`)] })),
      index: { through: 3, size: 9, pendingRows: 7 },
    }),
  };
  const admitted: StatementId[] = [];
  const admit = async (record: StatementId) => admitted.push(record) % 2 === 0;
  const found = await discover({ out }, [file], { ...ALL, client: endless, judge, admit });
  expect(found.leftOut.length).toBeGreaterThan(10_000);
  expect(admitted.length).toBe(2 * limits.certificates);
  expect(judged.length).toBeLessThan(4);
  expect(found.index).toEqual({ through: 3, size: 9, pendingRows: 7 });
});

test('nothing found is no verification', async () => {
  const { file, client, judge, judged } = world(rowsOf('a', 3), {});
  expect(await discover({ out }, [file], { client, judge, ...ALL })).toMatchObject({
    verification: null,
  });
  expect(judged).toEqual([]);
});
