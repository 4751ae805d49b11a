import { sql, type RawBuilder } from 'kysely';
import { limits } from '../../schemas/limits.ts';
import type { Digest } from '../../schemas/primitives.ts';
import { digestFromBytes, digestToBytes } from '../../protocol/digest.ts';
import type { Content, ContentSummary } from '../../protocol/manifest.ts';
import { ROW_DIGEST_BYTES } from '../../protocol/rows/row-digests.ts';
import { db, type Database } from '../database/port.ts';

/** Files, or segments, of one statement: some 150 bytes of JSON each, well under D1's 2 MB. */
const CHUNK = 5_000;
/** Bytes of a row digest that the index keeps: enough that nobody can make two rows' meet by chance or by work. */
export const PREFIX_BYTES = 12;

/**
 * What remembers the row lists of a manifest's files, in parts that are each one transaction. Rows are found only once
 * the manifest is remembered itself. Safe to repeat.
 */
export function rowListQueries(
  manifest: Digest,
  { files, blocks }: Pick<Content, 'files' | 'blocks'>,
): RawBuilder<unknown>[][] {
  const parts: RawBuilder<unknown>[][] = [];
  const listed = files.flatMap(({ rows }, i) =>
    rows === undefined || rows.count === 0 ? [] : [{ rows, line: i + 1 }],
  );
  if (listed.length > 0) {
    const ofBlocks = blocks.map(({ offset, root }) => [offset, hexOf(digestFromBytes(root))]);
    parts.push([
      sql`INSERT OR IGNORE INTO manifest_blocks (manifest, block, offset, root)
        SELECT ${digestToBytes(manifest)}, key, value ->> 0, unhex(value ->> 1)
        FROM json_each(${JSON.stringify(ofBlocks)})`,
    ]);
  }
  for (let at = 0; at < listed.length; at += CHUNK) {
    const chunk = listed.slice(at, at + CHUNK).map(({ rows, line }) => [line, rows.count, hexOf(rows.root)]);
    parts.push([
      sql`INSERT OR IGNORE INTO row_files (manifest, line, rows, root)
        SELECT ${digestToBytes(manifest)}, value ->> 0, value ->> 1, unhex(value ->> 2)
        FROM json_each(${JSON.stringify(chunk)})`,
    ]);
  }
  const segments = listed.flatMap(({ rows, line }) =>
    rows.digests.map((digest, number) => [line, number, hexOf(digest), segmentRows(rows.count, number)]),
  );
  for (let at = 0; at < segments.length; at += CHUNK) {
    const chunk = JSON.stringify(segments.slice(at, at + CHUNK));
    parts.push([
      sql`INSERT OR IGNORE INTO row_segments (digest, rows)
        SELECT unhex(value ->> 2), value ->> 3 FROM json_each(${chunk})`,
      sql`INSERT OR IGNORE INTO row_lists (file, number, segment)
        SELECT row_files.id, value ->> 1, row_segments.id FROM json_each(${chunk})
        CROSS JOIN row_files ON manifest = ${digestToBytes(manifest)} AND line = value ->> 0
        CROSS JOIN row_segments ON digest = unhex(value ->> 2)`,
      sql`INSERT OR IGNORE INTO segment_names (segment, rows, first, manifest)
        SELECT row_segments.id, value ->> 3, ${firstFileOf(digestToBytes(manifest))}, ${digestToBytes(manifest)}
        FROM json_each(${chunk}) CROSS JOIN row_segments ON digest = unhex(value ->> 2)`,
      // What was on its way out, or was never uploaded, is looked at again.
      sql`UPDATE row_segments SET state = 'unseen' WHERE state IN ('absent', 'removing')
        AND digest IN (SELECT unhex(value ->> 2) FROM json_each(${chunk}))`,
    ]);
  }
  return parts;
}

/** Rows of a file's n-th segment. */
export const segmentRows = (rows: number, number: number): number =>
  Math.min(rows - number * limits.segmentRows, limits.segmentRows);

/** Rows of a segment of so many bytes; null where that is no size of one. */
export function rowsIn(bytes: number): number | null {
  const rows = bytes / ROW_DIGEST_BYTES;
  return Number.isInteger(rows) && rows > 0 && rows <= limits.segmentRows ? rows : null;
}

/** What manifests are ordered by: the id of the first file. Files are given theirs in order. */
export const firstFileOf = (manifest: Uint8Array): RawBuilder<number> =>
  sql`(SELECT id FROM row_files WHERE manifest = ${manifest} ORDER BY line LIMIT 1)`;

/**
 * The manifests that name a segment, and the rows that it has by them: those that say it has `rows`, unless that is
 * null. At most 100, the newest of each number first: whoever names it now is among them, however many did before.
 */
export async function namesOf(
  database: Database,
  segment: Digest,
  rows: number | null,
): Promise<{ manifest: ContentSummary; rows: number }[]> {
  const said = rows === null ? sql`` : sql`AND segment_names.rows = ${rows}`;
  const names = await database.all(
    sql<{ summary: string; rows: number }>`SELECT summary, segment_names.rows
      FROM row_segments CROSS JOIN segment_names ON segment = row_segments.id ${said}
      CROSS JOIN manifests ON manifests.digest = manifest
      WHERE row_segments.digest = ${digestToBytes(segment)} AND summary IS NOT NULL
      ORDER BY segment_names.rows DESC, first DESC LIMIT 100`.compile(db),
  );
  return names.map(({ summary, rows: count }) => ({ manifest: JSON.parse(summary) as ContentSummary, rows: count }));
}

/** Forgets the row lists of a manifest; the segments that no other file has are left to be removed. */
export async function forgetRowLists(database: Database, manifest: Digest): Promise<void> {
  const files = sql`(SELECT id FROM row_files WHERE manifest = ${digestToBytes(manifest)})`;
  const segments = sql`(SELECT segment FROM row_lists WHERE file IN ${files})`;
  const named = sql`SELECT segment, min(rows - number * 1048576, 1048576), ${firstFileOf(digestToBytes(manifest))}
    FROM row_files CROSS JOIN row_lists ON file = row_files.id WHERE manifest = ${digestToBytes(manifest)}`;
  await database.batch(
    [
      sql`DELETE FROM segment_names WHERE (segment, rows, first) IN (${named})`,
      sql`UPDATE row_segments SET
          answers = EXISTS (SELECT 1 FROM segment_names WHERE segment = row_segments.id AND file IS NOT NULL),
          state = CASE WHEN EXISTS (SELECT 1 FROM segment_names WHERE segment = row_segments.id
            AND (file IS NOT NULL OR indexed = 0)) THEN state ELSE 'removing' END
        WHERE id IN ${segments}`,
      sql`DELETE FROM row_lists WHERE file IN ${files}`,
      sql`DELETE FROM manifest_blocks WHERE manifest = ${digestToBytes(manifest)}`,
      sql`DELETE FROM row_files WHERE manifest = ${digestToBytes(manifest)}`,
    ].map((query) => query.compile(db)),
  );
}

/** Digests to be found: the place of each, as `wanted.key`, and so many bytes of it from its first on. */
export interface Wanted {
  count: number;
  each: RawBuilder<unknown>;
  bytes(count: number): RawBuilder<Uint8Array>;
}

/** Of 32-byte digests in lowercase hex. They travel as one text: taking that apart is quicker than a list of texts. */
export function wantedOf(digests: string): Wanted {
  const count = digests.length / (2 * ROW_DIGEST_BYTES);
  return {
    count,
    each: sql`json_each(${`[${'0,'.repeat(count - 1)}0]`}) AS wanted`,
    bytes: (length) =>
      sql`substr(unhex(${digests}), 1 + ${sql.lit(ROW_DIGEST_BYTES)} * wanted.key, ${sql.lit(length)})`,
  };
}

/** The list under a key; a new one, where there is none. */
export function listIn<K, T>(lists: Map<K, T[]>, key: K): T[] {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, (list = []));
  return list;
}

/**
 * Segments in which digests are, with the places of these: the first `each` of every digest in proven lists, or more,
 * but no more over all than that comes to. Of lists that are not proven, no manifest is told.
 */
export async function findRows(database: Database, wanted: Wanted, each: number): Promise<Map<number, number[]>> {
  const isWanted = sql`found.prefix = ${wanted.bytes(PREFIX_BYTES)}`;
  const most = wanted.count * each;
  let rows = await database.all(
    sql<FoundRow>`SELECT wanted.key AS at, segment FROM ${wanted.each} CROSS JOIN row_entries AS found
      WHERE ${isWanted} LIMIT ${most + 1}`.compile(db),
  );
  if (rows.length > most) {
    // Rows that are everywhere would take the place of others: then every digest is held to its share, which costs twice.
    rows = await database.all(
      sql<FoundRow>`SELECT wanted.key AS at, row_segments.id AS segment FROM ${wanted.each}
        CROSS JOIN row_segments ON row_segments.id IN
          (SELECT segment FROM row_entries AS found CROSS JOIN row_segments AS proven ON proven.id = segment AND answers = 1
           WHERE ${isWanted} LIMIT ${each})`.compile(db),
    );
  }
  const segments = new Map<number, number[]>();
  for (const { at, segment } of rows) listIn(segments, segment).push(at);
  return segments;
}

interface FoundRow {
  at: number;
  segment: number;
}

/** The summaries of the manifests with a proven file that these segments belong to: the oldest `each` of a segment, in their order. */
export async function manifestsOfSegments(
  database: Database,
  segments: readonly number[],
  each: number,
  most: number,
): Promise<{ segment: number; summary: string }[]> {
  if (segments.length === 0) return [];
  const found = await database.all(
    sql<{ segment: number; first: number; summary: string }>`SELECT wanted.value AS segment, named.first, summary
      FROM json_each(${JSON.stringify(segments)}) AS wanted
      CROSS JOIN segment_names AS named ON named.segment = wanted.value AND named.file IS NOT NULL AND named.first IN (
        SELECT first FROM segment_names WHERE segment = wanted.value AND file IS NOT NULL ORDER BY first LIMIT ${each})
      CROSS JOIN manifests ON manifests.digest = named.manifest
      WHERE summary IS NOT NULL LIMIT ${most}`.compile(db),
  );
  return found.toSorted((a, b) => a.first - b.first);
}

const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);
