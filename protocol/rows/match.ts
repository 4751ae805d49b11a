import { DigestTable, wordsOf } from './digest-table.ts';
import { DIGEST_WORDS } from './place-digests.ts';
import { ROW_DIGEST_BYTES, type RowDigests } from './row-digests.ts';
import { RowSet } from './row-set.ts';

/** Digests that are held at a time: with what goes with them, 134 MB. */
const TABLE_ROWS = Math.floor(2 ** 22 * 0.7);

/** A piece of somebody's row-digest list. */
export interface OwnedDigests {
  /** A whole number, 0 or more. */
  owner: number;
  /** Owners of lists before, whose rows become its own where its list has them, too. */
  succeeds?: Pick<ReadonlySet<number>, 'has'> | undefined;
  /** Its digests, concatenated; null where they cannot be had. Asked for once a pass. */
  read(): Promise<Uint8Array | null>;
  /** Hears that they will be asked for next, unless all rows have an owner by then: so they can be on their way meanwhile. */
  prepare?(): void;
}

export interface RowMatches {
  /** Rows of the open files that each owner has, by owner; those who have none are left out. */
  matched: Map<number, number>;
  /** For each open file, the rows that nobody has. */
  unmatched: RowSet[];
  /** Different rows among all of these files. */
  distinct: number;
}

interface TableOptions {
  /** Something that whoever picked the rows could not foresee. */
  seed?: number;
  tableRows?: number;
}

/** A table for all rows of these files. It can be matched any number of times, one after the other. */
export interface FilledTable {
  open: readonly RowDigests[];
  settled: readonly RowDigests[];
  /** The table with the rows in it; whoever asks first begins to fill it. */
  table(): Promise<DigestTable>;
}

/** Digests whose first word lies in here, both ends included. */
interface Range {
  from: number;
  to: number;
}

/** One that is gone through by itself, and how many digests its table takes. */
interface Pass extends Range {
  capacity: number;
}

/** A table that can be filled before it is known with what it will be matched. Null where the rows take more than one. */
export function fillTable(
  open: readonly RowDigests[],
  settled: readonly RowDigests[],
  { seed = 0, tableRows = TABLE_ROWS }: TableOptions = {},
): FilledTable | null {
  const [range, ...more] = plan(open, settled, tableRows);
  if (range === undefined || more.length > 0) return null;
  const filling = async (): Promise<DigestTable> => {
    const table = new DigestTable(range.capacity, seed);
    if (await fill(table, open, settled, range)) return table;
    throw new RangeError(`count: more rows came than the ${range.capacity} that were announced`);
  };
  let table: Promise<DigestTable> | null = null;
  return {
    open,
    settled,
    table() {
      table ??= filling();
      // Who matches it hears of a failure; perhaps nobody does.
      table.catch(() => undefined);
      return table;
    },
  };
}

/**
 * Finds whose rows these are: a row of an open file belongs to the first list that has its digest, or to one that
 * succeeds it. Rows of `settled` files, whose owner is known, only count among the different ones. A table that is `filled` with
 * these very files need not be filled again. Memory is bounded whatever the sizes: what does not fit into one table is gone
 * through in passes, a range of digests each, but for one bit for every row of an open file.
 *
 * Throws RangeError where a file yields more or fewer digests than it says.
 */
export async function matchRows(
  open: readonly RowDigests[],
  settled: readonly RowDigests[],
  lists: readonly OwnedDigests[],
  { filled = null, ...options }: TableOptions & { filled?: FilledTable | null | undefined } = {},
): Promise<RowMatches> {
  const matches: RowMatches = {
    matched: new Map(),
    unmatched: open.map((file) => new RowSet(file.count)),
    distinct: 0,
  };
  const prepare = (): void => {
    if (open.length > 0) lists[0]?.prepare?.();
  };
  const match = async (table: DigestTable, range: Range): Promise<void> => {
    matches.distinct += table.size;
    await give(table, lists, range);
    for (const [owner, rows] of table.owned) {
      if (rows > 0) matches.matched.set(owner, (matches.matched.get(owner) ?? 0) + rows);
    }
    if (table.unowned > 0) await collect(table.unownedOnly(), open, range, matches.unmatched);
  };
  if (filled !== null && isEach(filled.open, open) && isEach(filled.settled, settled)) {
    prepare();
    const table = await filled.table();
    table.disown();
    await match(table, WHOLE);
    return matches;
  }
  const { seed = 0, tableRows = TABLE_ROWS } = options;
  let table: DigestTable | null = null;
  // In whatever order: each range stands for itself.
  const ranges = plan(open, settled, tableRows);
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    if (table?.capacity === range.capacity) table.clear();
    else table = new DigestTable(range.capacity, seed);
    prepare();
    if (await fill(table, open, settled, range)) await match(table, range);
    else ranges.push(...split(range));
  }
  return matches;
}

const isEach = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((each, i) => each === b[i]);

const LEAST = -(2 ** 31);
const WIDTH = 2 ** 32;
const WHOLE: Range = { from: LEAST, to: LEAST + WIDTH - 1 };

/** Words of digests that are copied at a time. */
const COPIED_WORDS = 4096 * DIGEST_WORDS;

/** Ranges of digests, each of which a table takes: digests are spread evenly, but for repeated ones, which share a place. */
function plan(open: readonly RowDigests[], settled: readonly RowDigests[], tableRows: number): Pass[] {
  const rows = [...open, ...settled].reduce((sum, file) => sum + file.count, 0);
  const passes = rows <= tableRows ? 1 : Math.ceil((rows / tableRows) * 1.02);
  // One at least: a file may have rows that it does not announce.
  const capacity = Math.max(1, Math.min(rows, tableRows));
  return Array.from({ length: passes }, (_, i) => ({
    from: LEAST + Math.floor((WIDTH * i) / passes),
    to: LEAST + Math.floor((WIDTH * (i + 1)) / passes) - 1,
    capacity,
  }));
}

/** Two halves of a range that was too full; one that cannot be halved gets a larger table. */
function split({ from, to, capacity }: Pass): Pass[] {
  if (from === to) return [{ from, to, capacity: capacity * 2 }];
  const middle = from + Math.floor((to - from) / 2);
  return [
    { from, to: middle, capacity },
    { from: middle + 1, to, capacity },
  ];
}

async function fill(
  table: DigestTable,
  open: readonly RowDigests[],
  settled: readonly RowDigests[],
  range: Range,
): Promise<boolean> {
  for (const [i, file] of [...open, ...settled].entries()) {
    for await (const { words } of piecesOf(file)) {
      for (const some of within(range, words)) if (!table.add(some, i < open.length)) return false;
    }
  }
  return true;
}

async function give(table: DigestTable, lists: readonly OwnedDigests[], range: Range): Promise<void> {
  for (const [i, { owner, succeeds, read }] of lists.entries()) {
    const takesOver = (): boolean =>
      [...table.owned].some(([other, rows]) => rows > 0 && succeeds?.has(other) === true);
    if (table.unowned === 0 && !takesOver()) continue;
    lists[i + 1]?.prepare?.();
    const digests = await read();
    if (digests === null) continue;
    for (const some of within(range, wordsOf(digests))) table.give(some, owner, succeeds);
  }
}

async function collect(
  unowned: DigestTable,
  open: readonly RowDigests[],
  { from, to }: Range,
  unmatched: readonly RowSet[],
): Promise<void> {
  for (const [i, file] of open.entries()) {
    const rows = unmatched[i] as RowSet;
    for await (const { words, row } of piecesOf(file)) {
      for (let at = 0; at < words.length; at += DIGEST_WORDS) {
        const first = words[at] as number;
        if (first >= from && first <= to && unowned.isUnowned(words, at)) rows.add(row + at / DIGEST_WORDS);
      }
    }
  }
}

/** Those of the digests that are in range: all as they are, or copies, so many at a time. */
function* within({ from, to }: Range, words: Int32Array): Generator<Int32Array> {
  if (from === LEAST && to - from === WIDTH - 1) return yield words;
  const some = new Int32Array(Math.min(words.length, COPIED_WORDS));
  let filled = 0;
  for (let at = 0; at < words.length; at += DIGEST_WORDS) {
    const first = words[at] as number;
    if (first < from || first > to) continue;
    for (let i = 0; i < DIGEST_WORDS; i++) some[filled++] = words[at + i] as number;
    if (filled < some.length) continue;
    yield some;
    filled = 0;
  }
  yield some.subarray(0, filled);
}

/** A file's digests as words, with the number of each piece's first row. */
async function* piecesOf(file: RowDigests): AsyncGenerator<{ words: Int32Array; row: number }> {
  let row = 0;
  for await (const piece of file.read()) {
    if (piece.length % ROW_DIGEST_BYTES !== 0) throw new RangeError('read: a piece is not of whole digests');
    if (piece.length > 0) yield { words: wordsOf(piece), row };
    row += piece.length / ROW_DIGEST_BYTES;
  }
  if (row !== file.count) throw new RangeError(`count: ${file.count} rows were announced, ${row} came`);
}
