import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, utf8 } from '../bytes.ts';
import { sha256Bytes } from '../digest.ts';
import { fillTable, matchRows, type OwnedDigests } from './match.ts';
import { ROW_DIGEST_BYTES, type RowDigests } from './row-digests.ts';

const hundreds: Uint8Array[] = [];

/** The digest of row number `n`; numbers of one hundred share seven of their eight words with their neighbours. */
function digestOf(n: number): Uint8Array {
  const hundred = Math.floor(n / 100);
  const digest = (hundreds[hundred] ??= sha256Bytes(utf8(`row ${hundred}`))).slice();
  new DataView(digest.buffer).setUint32(((n % 100) % 8) * 4, n);
  return digest;
}

const bytesOf = (rows: readonly number[]): Uint8Array => concatBytes(...rows.map(digestOf));

/** A file of these rows that is read in pieces of some rows, from whatever place in a buffer. */
const file = (rows: readonly number[], piece = 3, offset = 0): RowDigests => ({
  count: rows.length,
  async *read() {
    for (let at = 0; at < rows.length; at += piece) {
      const bytes = bytesOf(rows.slice(at, at + piece));
      yield concatBytes(new Uint8Array(offset), bytes).subarray(offset);
    }
  },
});

const list = (owner: number, rows: readonly number[]): OwnedDigests => ({ owner, read: async () => bytesOf(rows) });

/** The same, naively. */
function expected(
  open: number[][],
  settled: number[][],
  lists: { owner: number; rows: number[]; succeeds: number[] }[],
) {
  const ownerOf = new Map<number, number>();
  for (const { owner, rows, succeeds } of lists) {
    for (const row of rows) {
      const known = ownerOf.get(row);
      if (known === undefined || succeeds.includes(known)) ownerOf.set(row, owner);
    }
  }
  const matched = new Map<number, number>();
  for (const row of open.flat()) {
    const owner = ownerOf.get(row);
    if (owner !== undefined) matched.set(owner, (matched.get(owner) ?? 0) + 1);
  }
  return {
    matched: [...matched].sort(),
    unmatched: open.map((rows) => rows.flatMap((row, i) => (ownerOf.has(row) ? [] : [i]))),
    distinct: new Set([...open, ...settled].flat()).size,
  };
}

test('finds the owner of every row as a plain map would, in one pass or in many', () => {
  const rows = fc.array(fc.nat(60), { maxLength: 40 });
  return fc.assert(
    fc.asyncProperty(
      fc.array(rows, { maxLength: 3 }),
      fc.array(rows, { maxLength: 2 }),
      fc.array(fc.record({ owner: fc.nat(3), rows, succeeds: fc.array(fc.nat(3), { maxLength: 2 }) }), {
        maxLength: 5,
      }),
      fc.record({ seed: fc.integer(), tableRows: fc.integer({ min: 1, max: 50 }) }),
      fc.integer({ min: 1, max: 7 }),
      fc.nat(5),
      async (open, settled, lists, options, piece, offset) => {
        const found = await matchRows(
          open.map((each) => file(each, piece, offset)),
          settled.map((each) => file(each, piece)),
          lists.map(({ owner, rows: theirs, succeeds }) => ({
            ...list(owner, theirs),
            ...(succeeds.length === 0 ? {} : { succeeds: new Set(succeeds) }),
          })),
          options,
        );
        expect({
          matched: [...found.matched].sort(),
          unmatched: found.unmatched.map((set) => [...set]),
          distinct: found.distinct,
        }).toEqual(expected(open, settled, lists));
        expect(found.unmatched.map(({ size }) => size)).toEqual(found.unmatched.map((set) => [...set].length));
      },
    ),
    { numRuns: 300 },
  );
});

test.for([40_000, 9_000])('finds those of thousands at a time, in tables of %i', async (tableRows) => {
  const open = [Array.from({ length: 20_000 }, (_, i) => i * 3), [3, 6, 5]];
  const lists = [
    { owner: 0, rows: Array.from({ length: 9_000 }, (_, i) => i * 6), succeeds: [] },
    { owner: 1, rows: Array.from({ length: 15_000 }, (_, i) => i * 3), succeeds: [] },
  ];
  const found = await matchRows(
    open.map((rows) => file(rows, 2_100)),
    [],
    lists.map(({ owner, rows }) => list(owner, rows)),
    { seed: 7, tableRows },
  );
  const unmatched = found.unmatched.map((set) => [...set]);
  expect({ ...found, matched: [...found.matched].sort(), unmatched }).toEqual(expected(open, [], lists));
});

describe('a table that is filled ahead', () => {
  const rows = fc.array(fc.nat(60), { maxLength: 40 });
  const lists = fc.array(fc.record({ owner: fc.nat(3), rows, succeeds: fc.array(fc.nat(3), { maxLength: 2 }) }), {
    maxLength: 4,
  });

  test('gives the same answers, to whatever it is matched with one after the other', () => {
    const files = fc.array(rows, { maxLength: 3 });
    return fc.assert(
      fc.asyncProperty(files, files, fc.array(lists, { maxLength: 3 }), async (open, settled, matches) => {
        const [held, known] = [open.map((each) => file(each)), settled.map((each) => file(each))];
        const filled = fillTable(held, known, { seed: 5 });
        for (const each of matches) {
          const owned = each.map(({ owner, rows: theirs, succeeds }) => ({
            ...list(owner, theirs),
            succeeds: new Set(succeeds),
          }));
          const found = await matchRows(held, known, owned, { filled });
          expect({
            matched: [...found.matched].sort(),
            unmatched: found.unmatched.map((set) => [...set]),
            distinct: found.distinct,
          }).toEqual(expected(open, settled, each));
        }
      }),
      { numRuns: 100 },
    );
  });

  test('is read once, after the first list was asked for; of other files it says nothing', async () => {
    let read = 0;
    const counted: RowDigests = { ...file([1, 2, 3]), read: () => (read++, file([1, 2, 3]).read()) };
    const filled = fillTable([counted], []);
    const readBefore: number[] = [];
    const first = { ...list(0, [1, 2, 3]), prepare: () => void readBefore.push(read) };
    await matchRows([counted], [], [first], { filled });
    expect([readBefore, read]).toEqual([[0], 1]);
    for (const owner of [1, 2]) {
      const { matched } = await matchRows([counted], [], [list(owner, [1, 2, 3])], { filled });
      expect([...matched]).toEqual([[owner, 3]]);
    }
    expect(read).toBe(1);
    const { matched, distinct } = await matchRows([file([7])], [counted], [list(0, [7])], { filled });
    expect([[...matched], distinct]).toEqual([[[0, 1]], 4]);
    expect(read).toBe(2);
  });

  test('is none where the rows take more than one; what cannot be read is heard of by whoever matches it', async () => {
    expect(fillTable([file([1, 2])], [file([3])], { tableRows: 2 })).toBeNull();
    for (const count of [0, 1, 3]) {
      const lying = { ...file([1, 2]), count };
      const filled = fillTable([lying], []);
      await expect(matchRows([lying], [], [], { filled })).rejects.toThrow(RangeError);
    }
  });
});

test('compares digests in full: one that differs in any one bit is another row', async () => {
  const own = digestOf(1);
  for (let bit = 0; bit < 256; bit++) {
    const other = own.slice();
    other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
    const { unmatched, matched } = await matchRows([file([1])], [], [{ owner: 0, read: async () => other }]);
    expect([...(unmatched[0] ?? [])]).toEqual([0]);
    expect(matched.size).toBe(0);
  }
});

describe('what it asks for', () => {
  test('no list once every row has an owner; each once a pass', async () => {
    const asked: number[] = [];
    const counted = (owner: number, rows: number[]): OwnedDigests => ({
      owner,
      read: () => (asked.push(owner), list(owner, rows).read()),
    });
    await matchRows([file([1, 2])], [], [counted(0, [1, 2, 3]), counted(1, [1])]);
    expect(asked).toEqual([0]);
    asked.length = 0;
    await matchRows([], [file([1, 2])], [counted(0, [1])]);
    expect(asked).toEqual([]);
    const versions = [0, 1, 2, 3].map((owner) => ({ ...counted(owner, [1, 2]), succeeds: new Set([owner - 2]) }));
    await matchRows([file([1, 2])], [], versions);
    expect(asked, 'only versions of what owns rows').toEqual([0, 2]);
    asked.length = 0;
    await matchRows([], [file([1, 2])], versions);
    expect(asked).toEqual([]);
  });

  test('the next list may come meanwhile: one at most that is not read', async () => {
    const heard: string[] = [];
    const noted = (owner: number, rows: number[]): OwnedDigests => ({
      owner,
      prepare: () => void heard.push(`prepare ${owner}`),
      read: () => (heard.push(`read ${owner}`), list(owner, rows).read()),
    });
    const lists = [noted(0, [1]), noted(1, [2]), noted(2, [3]), noted(3, [4])];
    await matchRows([file([1, 2])], [], lists);
    expect(heard).toEqual(['prepare 0', 'prepare 1', 'read 0', 'prepare 2', 'read 1']);
    heard.length = 0;
    await matchRows([], [file([1, 2])], lists);
    expect(heard).toEqual([]);
  });

  test('goes on without a list that cannot be had', async () => {
    const { matched } = await matchRows([file([1, 2])], [], [{ owner: 0, read: async () => null }, list(1, [2])]);
    expect([...matched]).toEqual([[1, 1]]);
  });
});

test('a table that is too small for one place among digests grows; rows that repeat need one place', async () => {
  const same = Array.from({ length: 40 }, (_, i) => {
    const digest = digestOf(0).slice();
    digest[31] = i;
    return digest;
  });
  const source: RowDigests = {
    count: 80,
    read: async function* () {
      yield concatBytes(...same, ...same);
    },
  };
  const found = await matchRows([source], [], [], { tableRows: 4 });
  expect(found.distinct).toBe(40);
  expect(found.unmatched[0]?.size).toBe(80);
  const repeated = await matchRows([file(Array.from({ length: 100 }, () => 7))], [], [list(2, [7])], { tableRows: 1 });
  expect([...repeated.matched]).toEqual([[2, 100]]);
  expect(repeated.distinct).toBe(1);
});

test('refuses a source that is not what it says', async () => {
  const lying = { ...file([1, 2]), count: 3 };
  await expect(matchRows([lying], [], [])).rejects.toThrow('3 rows were announced, 2 came');
  const hidden: RowDigests = {
    count: 0,
    async *read() {
      yield new Uint8Array(ROW_DIGEST_BYTES).fill(0xff).with(3, 0x7f);
    },
  };
  await expect(matchRows([hidden], [], [])).rejects.toThrow('0 rows were announced, 1 came');
  const ragged: RowDigests = {
    count: 1,
    read: async function* () {
      yield new Uint8Array(ROW_DIGEST_BYTES + 1);
    },
  };
  await expect(matchRows([ragged], [], [])).rejects.toThrow('whole digests');
});
