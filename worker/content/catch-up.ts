import { sql } from 'kysely';
import type { IndexState } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import type { Digest } from '../../schemas/primitives.ts';
import { db, type Database } from '../database/port.ts';
import type { Deps } from '../deps.ts';
import { indexManifest } from './index-manifest.ts';
import { bytesOf, contentOf } from './manifests.ts';

type Parts = Pick<Deps, 'database' | 'blobs' | 'contentIndex'>;

/** Records gone through in one step, and at most for one look-up. */
const RECORDS = 100;
/** Blobs that one look-up asks after: those of records since the last step whose manifests are not indexed. */
const ASKED = 20;

/**
 * Goes through some records from the watermark on, in log order, and indexes the manifests of theirs that are stored and
 * are not indexed. Whatever empties the index moves the watermark back to the first record, so this is what fills it
 * again. Answers whether there is more.
 */
export async function catchUpStep({ database, blobs, contentIndex }: Parts): Promise<boolean> {
  const { through } = await contentIndex.watermark();
  const { size, records, next } = await recordsFrom(database, through);
  const known = await contentIndex.has(records.map(({ manifest }) => manifest));
  let left: number = limits.manifestBytes;
  for (const { index, manifest } of records) {
    if (known.has(manifest)) continue;
    known.add(manifest);
    const stored = await blobs.get(manifest);
    if (stored === null) continue;
    if (stored.size > left) {
      await stored.body.cancel();
      // Larger than any manifest, or to be read with the next step.
      if (stored.size > limits.manifestBytes) continue;
      await contentIndex.advance(through, index);
      return true;
    }
    left -= stored.size;
    const content = contentOf(await bytesOf(stored.body));
    await indexManifest({ database, contentIndex }, manifest, content.ok ? content.value : null);
  }
  if (next > through) await contentIndex.advance(through, next);
  return next < size;
}

/**
 * How far the index is. Between two steps the watermark stands still while the log grows: records whose manifest is
 * indexed already, or was never uploaded, do not hold it up.
 */
export async function indexState({ database, blobs, contentIndex }: Parts): Promise<IndexState> {
  const { through, pendingRows } = await contentIndex.watermark();
  const { size, records, next } = await recordsFrom(database, through);
  const known = await contentIndex.has(records.map(({ manifest }) => manifest));
  const unknown = records.filter(({ manifest }) => !known.has(manifest));
  const sizes = await Promise.all(unknown.slice(0, ASKED).map(({ manifest }) => blobs.size(manifest)));
  const behind = unknown.find((_, i) => i >= ASKED || sizes[i] !== null);
  return { through: behind?.index ?? next, size, pendingRows };
}

/** The next records with public content, the size of the log, and the index of the first entry that was not read. */
async function recordsFrom(
  database: Database,
  from: number,
): Promise<{ size: number; records: { index: number; manifest: Digest }[]; next: number }> {
  const rows = await database.all(
    sql<{ size: number; index: number | null; manifest: Digest | null }>`
      SELECT size, log_index AS "index", manifest
      FROM (SELECT coalesce(max(size), 0) AS size FROM checkpoints)
      LEFT JOIN (SELECT log_index, manifest FROM datasets WHERE log_index >= ${from} AND manifest IS NOT NULL
        ORDER BY log_index LIMIT ${sql.lit(RECORDS)})
      ORDER BY log_index`.compile(db),
  );
  const size = rows[0]?.size ?? 0;
  const records = rows.flatMap(({ index, manifest }) =>
    index === null || manifest === null ? [] : [{ index, manifest }],
  );
  return { size, records, next: records.length < RECORDS ? size : (records.at(-1)?.index ?? 0) + 1 };
}
