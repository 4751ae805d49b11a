import { sql } from 'kysely';
import type { Digest } from '../../schemas/primitives.ts';
import { limits } from '../../schemas/limits.ts';
import { fromUtf8 } from '../../protocol/bytes.ts';
import { readContent } from '../../protocol/manifest.ts';
import { db } from '../database/port.ts';
import type { Deps } from '../deps.ts';
import { bytesOf } from './manifests.ts';

/** Blobs deleted in one run. */
const RUN = 100;

/**
 * Deletes the bytes, and the index, of blobs that only erased statements named: they are not served from the erasure on,
 * and gone with the next run. A crash in between is mended by the run after. Answers how many it deleted. Where a record
 * that names one is logged at the same moment, its signer may have to upload it again.
 */
export async function sweepErasedBlobs({
  database,
  blobs,
  contentIndex,
}: Pick<Deps, 'database' | 'blobs' | 'contentIndex'>): Promise<number> {
  const rows = await database.all(
    sql<{ digest: Digest; isNamed: number }>`SELECT digest,
      EXISTS (SELECT 1 FROM blob_refs WHERE blob_refs.digest = erased_blobs.digest) AS "isNamed"
      FROM erased_blobs LIMIT ${RUN}`.compile(db),
  );
  const unnamed = rows.filter(({ isNamed }) => isNamed === 0);
  for (const { digest } of unnamed) {
    await contentIndex.remove(digest, await filesIn(digest));
    await blobs.delete(digest);
  }
  if (rows.length > 0) {
    const gone = JSON.stringify(unnamed.map(({ digest }) => digest));
    const read = JSON.stringify(rows.map(({ digest }) => digest));
    // What was named when it was read may have lost its last name since: it stays for the next run.
    await database.batch([
      sql`DELETE FROM erased_blobs WHERE digest IN (SELECT value FROM json_each(${gone}))
        OR digest IN (SELECT value FROM json_each(${read}))
        AND EXISTS (SELECT 1 FROM blob_refs WHERE blob_refs.digest = erased_blobs.digest)`.compile(db),
    ]);
  }
  return unnamed.length;

  async function filesIn(digest: Digest): Promise<string[]> {
    const stored = await blobs.get(digest);
    if (stored === null) return [];
    if (stored.size > limits.manifestBytes) {
      await stored.body.cancel();
      return [];
    }
    const text = fromUtf8(await bytesOf(stored.body));
    const content = text === null ? null : readContent(text);
    return content?.ok === true ? content.value.files.map(({ sha256 }) => sha256) : [];
  }
}
