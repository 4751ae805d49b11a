import { sql } from 'kysely';
import type { Digest } from '../../schemas/primitives.ts';
import { digestFromBytes } from '../../protocol/digest.ts';
import { BLOCK_ROWS } from '../../protocol/rows/blocks.ts';
import { ROW_DIGEST_BYTES } from '../../protocol/rows/row-digests.ts';
import { db, type Database } from '../database/port.ts';
import type { Blobs } from '../deps.ts';
import { readRows } from './fill.ts';
import { PREFIX_BYTES } from './row-lists.ts';

/** Blocks removed in one step. */
const BLOCKS = 8;

/**
 * Takes some of the rows of a segment that no proven file has any more out of the index, the last ones first; with the last
 * of them goes the blob, unless other files have it, or it `isNamed` otherwise. Answers whether there was anything to do. As in filling, each step is
 * one transaction that says how far it came, and does nothing where the segment has come back.
 */
export async function removeStep(
  database: Database,
  blobs: Pick<Blobs, 'get' | 'delete'>,
  isNamed: (blob: Digest) => Promise<boolean>,
): Promise<boolean> {
  const [segment] = await database.all(
    sql<{ id: number; digest: Uint8Array; indexed: number; isListed: number }>`SELECT id, digest, indexed,
        EXISTS (SELECT 1 FROM segment_names WHERE segment = row_segments.id) AS "isListed"
      FROM row_segments
      WHERE state = 'removing' ORDER BY id LIMIT 1`.compile(db),
  );
  if (segment === undefined) return false;
  const { id, digest, indexed, isListed } = segment;
  if (indexed === 0) {
    const blob = digestFromBytes(digest);
    if (isListed === 0 && !(await isNamed(blob))) await blobs.delete(blob);
    const isLast = sql`id = ${id} AND state = 'removing' AND indexed = 0`;
    const left = sql`EXISTS (SELECT 1 FROM segment_names WHERE segment = row_segments.id)`;
    await database.batch(
      [
        // Others name it, and have not proven it.
        sql`UPDATE row_segments SET state = 'unseen' WHERE ${isLast} AND ${left}`,
        sql`DELETE FROM row_blocks WHERE segment = ${id} AND EXISTS (SELECT 1 FROM row_segments WHERE ${isLast})`,
        sql`DELETE FROM row_segments WHERE ${isLast}`,
      ].map((query) => query.compile(db)),
    );
    return true;
  }
  const from = Math.max(0, Math.ceil(indexed / BLOCK_ROWS) - BLOCKS) * BLOCK_ROWS;
  const list = await readRows(blobs, digest, from, indexed);
  const isNext = sql`EXISTS (SELECT 1 FROM row_segments WHERE id = ${id} AND state = 'removing' AND indexed = ${indexed})`;
  const entries =
    list === null
      ? // Lost, so nothing tells where its entries are: all are gone through.
        [sql`DELETE FROM row_entries WHERE segment = ${id} AND ${isNext}`]
      : Array.from({ length: Math.ceil((indexed - from) / BLOCK_ROWS) }, (_, block) => {
          const size = BLOCK_ROWS * ROW_DIGEST_BYTES;
          const rows = list.slice(block * size, (block + 1) * size);
          const places = JSON.stringify(Array.from({ length: rows.length / ROW_DIGEST_BYTES }, () => 0));
          return sql`DELETE FROM row_entries WHERE ${isNext} AND (prefix, segment) IN (
            SELECT substr(${rows}, 1 + ${sql.lit(ROW_DIGEST_BYTES)} * place.key, ${sql.lit(PREFIX_BYTES)}), ${id}
            FROM json_each(${places}) AS place)`;
        });
  await database.batch(
    [
      ...entries,
      sql`UPDATE row_segments SET indexed = ${from}
        WHERE id = ${id} AND state = 'removing' AND indexed = ${indexed}`,
    ].map((query) => query.compile(db)),
  );
  return true;
}
