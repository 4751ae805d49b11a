import { sql, type RawBuilder } from 'kysely';
import { limits } from '../../schemas/limits.ts';
import { concatBytes, type Bytes } from '../../protocol/bytes.ts';
import { digestFromBytes } from '../../protocol/digest.ts';
import { rootOf, type Hash } from '../../protocol/log/merkle.ts';
import { BLOCK_ROWS, blockRoots } from '../../protocol/rows/blocks.ts';
import { ROW_DIGEST_BYTES } from '../../protocol/rows/row-digests.ts';
import { db, type Database } from '../database/port.ts';
import type { Blobs, Log } from '../deps.ts';
import { bytesOf } from './manifests.ts';
import { firstFileOf, PREFIX_BYTES, rowsIn, segmentRows } from './row-lists.ts';

/** Segments looked for, or filled, and files judged, in one step. */
const SEGMENTS = 25;

export interface Filling {
  /** The content index. */
  database: Database;
  blobs: Pick<Blobs, 'size' | 'get'>;
  log: Log;
}

/**
 * Does a bounded part of what the row index has pending, at most `blocks` blocks of 4,096 rows; answers whether it found
 * anything to do. Each step is one transaction that also says how far it came, so that one that is cut off is done again,
 * and one that was done and is done again does nothing.
 */
export const fillStep = async (filling: Filling, blocks: number): Promise<boolean> =>
  (await look(filling)) ||
  (await advance(filling, blocks, hashing)) ||
  (await judge(filling)) ||
  // Only then: of lists that nobody proves, look-ups would read entries in vain.
  (await advance(filling, blocks, entering));

/** Whether {@link fillStep} would find anything to do. */
export async function isPending(database: Database): Promise<boolean> {
  const [found] = await database.all(
    sql`SELECT 1 FROM row_files WHERE state = 'due'
      UNION ALL SELECT 1 FROM row_segments WHERE state = 'unseen'
      UNION ALL SELECT 1 FROM row_segments WHERE state = 'stored'
      UNION ALL SELECT 1 FROM row_segments WHERE state = 'proven' LIMIT 1`.compile(db),
  );
  return found !== undefined;
}

interface Segment {
  id: number;
  digest: Uint8Array;
  rows: number;
  hashed: number;
  indexed: number;
}

/** What is done with the rows of segments in a state, block by block, and what says how far it came. */
interface Phase {
  state: 'stored' | 'proven';
  progress: 'hashed' | 'indexed';
  queries(database: Database, segment: Segment, until: number, list: Bytes): Promise<RawBuilder<unknown>[]>;
}

const segmentsIn = (database: Database, state: 'unseen' | Phase['state']): Promise<Segment[]> =>
  database.all(
    sql<Segment>`SELECT id, digest, rows, hashed, indexed FROM row_segments
      WHERE state = ${sql.lit(state)} ORDER BY id LIMIT ${sql.lit(SEGMENTS)}`.compile(db),
  );

/** Looks which of the segments that manifests name are stored. */
async function look({ database, blobs }: Filling): Promise<boolean> {
  const segments = await segmentsIn(database, 'unseen');
  if (segments.length === 0) return false;
  const sizes = await Promise.all(segments.map(({ digest }) => blobs.size(digestFromBytes(digest))));
  await write(
    database,
    segments.flatMap(({ id, rows }, i) => {
      const size = sizes[i] ?? null;
      const count = rowsIn(size ?? 0);
      const state = size === null ? 'absent' : count === null ? 'unusable' : 'stored';
      return [
        sql`UPDATE row_segments SET state = ${state}, rows = ${count ?? rows}
          WHERE id = ${id} AND state = 'unseen'`,
        ...(state === 'unusable' ? [becomeDue([id])] : []),
      ];
    }),
  );
  return true;
}

/** Does the next rows of segments in one phase. */
async function advance(
  { database, blobs }: Filling,
  blocks: number,
  { state, progress, queries }: Phase,
): Promise<boolean> {
  const segments = await segmentsIn(database, state);
  const writes: RawBuilder<unknown>[] = [];
  let left = blocks;
  for (const segment of segments) {
    const from = segment[progress];
    const until = Math.min(segment.rows, from + left * BLOCK_ROWS);
    if (left === 0) break;
    left -= Math.ceil((until - from) / BLOCK_ROWS);
    const list = await readRows(blobs, segment.digest, from, until);
    // Gone between two steps: it is looked for again.
    writes.push(
      ...(list === null
        ? [sql`UPDATE row_segments SET state = 'unseen' WHERE id = ${segment.id} AND state = ${state}`]
        : await queries(database, segment, until, list)),
    );
  }
  if (writes.length > 0) await write(database, writes);
  return writes.length > 0;
}

/** The digests of rows `[from, until)` of a segment; null where it is not stored. */
export async function readRows(
  blobs: Pick<Blobs, 'get'>,
  digest: Uint8Array,
  from: number,
  until: number,
): Promise<Bytes | null> {
  if (from === until) return new Uint8Array();
  const range = { offset: from * ROW_DIGEST_BYTES, length: (until - from) * ROW_DIGEST_BYTES };
  const stored = await blobs.get(digestFromBytes(digest), range);
  if (stored === null) return null;
  const bytes = await bytesOf(stored.body);
  if (bytes.length !== range.length) throw new Error(`${digestFromBytes(digest)} could not be read as a whole`);
  return bytes;
}

/** Takes rows `[hashed, until)` of a segment into its tree. */
const hashing: Phase = {
  state: 'stored',
  progress: 'hashed',
  async queries(database, { id, rows, hashed }, until, list) {
    // Whoever lost a race, or has not heard that the segment is to go, writes nothing.
    const isNext = sql`id = ${id} AND state = 'stored' AND hashed = ${hashed}`;
    const roots = blockRoots(list);
    // What has come back was hashed as a whole.
    const first = Math.ceil(hashed / BLOCK_ROWS);
    const isWhole = until === rows;
    const root = isWhole ? rootOf([...(await rootsBefore(database, id, first)), ...roots]) : null;
    return [
      sql`INSERT INTO row_blocks (segment, block, root)
        SELECT ${id}, ${first} + block.key, substr(${concatBytes(...roots)}, 1 + 32 * block.key, 32)
        FROM json_each(${JSON.stringify(roots.map(() => 0))}) AS block
        WHERE EXISTS (SELECT 1 FROM row_segments WHERE ${isNext})`,
      ...(isWhole ? [becomeDue([id])] : []),
      sql`UPDATE row_segments SET hashed = ${until}, root = ${root},
          state = ${isWhole ? sql`CASE answers WHEN 1 THEN 'proven' ELSE 'hashed' END` : sql.lit('stored')}
        WHERE ${isNext}`,
    ];
  },
};

/** Puts rows `[indexed, until)` of a segment into the index. */
const entering: Phase = {
  state: 'proven',
  progress: 'indexed',
  async queries(_, { id, rows, indexed }, until, list) {
    const isNext = sql`id = ${id} AND state = 'proven' AND indexed = ${indexed}`;
    return [
      ...Array.from(
        entriesOf(list),
        ({ prefixes, places }) => sql`INSERT OR IGNORE INTO row_entries (prefix, segment, row)
          SELECT substr(${prefixes}, 1 + ${sql.lit(PREFIX_BYTES)} * place.key, ${sql.lit(PREFIX_BYTES)}),
            ${id}, ${indexed} + place.value
          FROM json_each(${places}) AS place WHERE EXISTS (SELECT 1 FROM row_segments WHERE ${isNext})`,
      ),
      sql`UPDATE row_segments SET indexed = ${until},
          state = ${until === rows ? sql.lit('indexed') : sql.lit('proven')}
        WHERE ${isNext}`,
    ];
  },
};

const rootsBefore = async (database: Database, segment: number, block: number): Promise<Hash[]> =>
  (
    await database.all(
      sql<{ root: Hash }>`SELECT root FROM row_blocks
        WHERE segment = ${segment} AND block < ${block} ORDER BY block`.compile(db),
    )
  ).map(({ root }) => root);

/**
 * Entries of consecutive rows, in the order of their digests: neighbours in the index are written together, which is what
 * makes filling fast. Of equal digests the first row comes first, and stays. In parts that fit a bound parameter.
 */
function* entriesOf(list: Bytes): Generator<{ prefixes: Bytes; places: string }> {
  const view = new DataView(list.buffer, list.byteOffset, list.length);
  const count = list.length / ROW_DIGEST_BYTES;
  // 33 bits of the digest above 20 of the place: a double holds both, and sorts as fast as numbers do.
  const order = Float64Array.from({ length: count }, (_, row) => {
    const at = row * ROW_DIGEST_BYTES;
    return (view.getUint32(at) * 2 + (view.getUint8(at + 4) >> 7)) * limits.segmentRows + row;
  }).sort();
  for (let at = 0; at < count; at += BLOCK_ROWS) {
    const places = Array.from(order.subarray(at, at + BLOCK_ROWS), (key) => key % limits.segmentRows);
    const prefixes = new Uint8Array(places.length * PREFIX_BYTES);
    for (const [i, row] of places.entries()) {
      const start = row * ROW_DIGEST_BYTES;
      prefixes.set(list.subarray(start, start + PREFIX_BYTES), i * PREFIX_BYTES);
    }
    yield { prefixes, places: JSON.stringify(places) };
  }
}

interface DueFile {
  id: number;
  rows: number;
  root: Uint8Array;
  manifest: Uint8Array;
  line: number;
  isWaiting: number;
}

/** Judges files whose lists have changed: whether all of them are hashed, and are what the manifest says. */
async function judge({ database, log }: Filling): Promise<boolean> {
  const unfinished = sql`EXISTS (SELECT 1 FROM row_lists CROSS JOIN row_segments ON row_segments.id = segment
    WHERE file = row_files.id AND row_segments.state NOT IN ('hashed', 'proven', 'indexed', 'unusable'))`;
  const files = await database.all(
    sql<DueFile>`SELECT id, rows, root, manifest, line, ${unfinished} AS "isWaiting" FROM row_files
      WHERE state = 'due' ORDER BY id LIMIT ${sql.lit(SEGMENTS)}`.compile(db),
  );
  const writes: RawBuilder<unknown>[] = [];
  for (const file of files) {
    if (file.isWaiting === 1) {
      // Asked again as it is written: a list that was finished since has made the file due in vain.
      writes.push(
        sql`UPDATE row_files SET state = 'waiting' WHERE id = ${file.id} AND state = 'due' AND ${unfinished}`,
      );
      continue;
    }
    const fault = await faultOf(database, file);
    if (fault !== null) {
      log({ event: 'row-lists-bad', manifest: digestFromBytes(file.manifest), line: file.line, reason: fault });
    }
    writes.push(
      sql`UPDATE row_files SET state = ${fault === null ? 'proven' : 'bad'} WHERE id = ${file.id}`,
      ...(fault === null
        ? [
            sql`UPDATE row_segments SET answers = 1, state = CASE state WHEN 'hashed' THEN 'proven' ELSE state END
              WHERE id IN (SELECT segment FROM row_lists WHERE file = ${file.id})`,
            sql`UPDATE segment_names SET file = ${file.id} WHERE file IS NULL AND (segment, rows, first) IN
              (SELECT segment, min(${file.rows} - number * 1048576, 1048576), ${firstFileOf(file.manifest)}
               FROM row_lists WHERE file = ${file.id})`,
          ]
        : []),
    );
  }
  if (writes.length > 0) await write(database, writes);
  return writes.length > 0;
}

/** What is wrong with the lists of a file; null where they have the rows and the root that its manifest says. */
async function faultOf(database: Database, file: DueFile): Promise<string | null> {
  const segments = await database.all(
    sql<{ number: number; rows: number; state: string; root: Hash | null }>`
      SELECT number, row_segments.rows, row_segments.state, row_segments.root
      FROM row_lists CROSS JOIN row_segments ON row_segments.id = segment
      WHERE file = ${file.id} ORDER BY number`.compile(db),
  );
  for (const { number, rows, state } of segments) {
    const expected = segmentRows(file.rows, number);
    if (state === 'unusable') return `segment ${number} is no list of row digests`;
    if (rows !== expected) return `segment ${number} has ${rows} rows, not ${expected}`;
  }
  const roots = segments.flatMap(({ root }) => (root === null ? [] : [root]));
  const [root, expected] = [digestFromBytes(rootOf(roots)), digestFromBytes(file.root)];
  return root === expected ? null : `its rows have the root ${root}, not ${expected}`;
}

const becomeDue = (segments: readonly number[]): RawBuilder<unknown> =>
  sql`UPDATE row_files SET state = 'due' WHERE state = 'waiting'
    AND id IN (SELECT file FROM row_lists WHERE segment IN (${sql.join(segments)}))`;

const write = (database: Database, queries: readonly RawBuilder<unknown>[]): Promise<void> =>
  database.batch(queries.map((query) => query.compile(db)));
