import { sql } from 'kysely';
import type { Digest } from '../../schemas/primitives.ts';
import { limits } from '../../schemas/limits.ts';
import { db } from '../database/port.ts';
import type { Deps } from '../deps.ts';
import { isNamed } from './index-manifest.ts';
import { bytesOf, contentOf } from './manifests.ts';
import { isListed } from './segments.ts';

/** Blobs deleted in one run, and steps of removing rows. */
const RUN = 100;

/**
 * Deletes the bytes, and the index, of blobs that only erased statements named: they are not served from the erasure on,
 * and gone with the next run. A crash in between, or one that cannot be deleted, is mended by the run after. Answers how
 * many it deleted; throws, at its end, what kept it from deleting another. Where a record that names one is logged at the
 * same moment, its signer may have to upload it again.
 */
export async function sweepErasedBlobs({
  database,
  blobs,
  contentIndex,
}: Pick<Deps, 'database' | 'blobs' | 'contentIndex'>): Promise<number> {
  const rows = await database.all(
    sql<{ digest: Digest; named: number }>`SELECT digest,
      EXISTS (SELECT 1 FROM blob_refs WHERE blob_refs.digest = erased_blobs.digest) AS named
      FROM erased_blobs LIMIT ${RUN}`.compile(db),
  );
  const gone: Digest[] = [];
  const failures: unknown[] = [];
  for (const { digest, named } of rows) {
    if (named === 1) continue;
    try {
      await forget(digest);
      gone.push(digest);
    } catch (error) {
      // One that cannot be read, or deleted, keeps no other.
      failures.push(error);
    }
  }
  if (rows.length > 0) {
    const read = JSON.stringify(rows.map(({ digest }) => digest));
    // What was named when it was read may have lost its last name since: it stays for the next run.
    await database.batch([
      sql`DELETE FROM erased_blobs WHERE digest IN (SELECT value FROM json_each(${JSON.stringify(gone)}))
        OR digest IN (SELECT value FROM json_each(${read}))
        AND EXISTS (SELECT 1 FROM blob_refs WHERE blob_refs.digest = erased_blobs.digest)`.compile(db),
    ]);
  }
  const isKept = (digest: Digest): Promise<boolean> => isNamed(database, digest);
  for (let step = 0; step < RUN && (await contentIndex.removeRows(blobs, isKept)); step++);
  if (failures.length > 0) throw failures[0];
  return gone.length;

  async function forget(digest: Digest): Promise<void> {
    await forgetManifest(digest);
    // It may be a row-digest list, too, that another's manifest names.
    const size = await blobs.size(digest);
    if (size === null || !(await isListed({ database, contentIndex }, digest, size))) await blobs.delete(digest);
  }

  /** Forgets what a manifest lists. Its row-digest lists go with it, piece by piece, where no other manifest has them. */
  async function forgetManifest(digest: Digest): Promise<void> {
    const stored = await blobs.get(digest);
    if (stored !== null && stored.size > limits.manifestBytes) return stored.body.cancel();
    const content = stored === null ? null : contentOf(await bytesOf(stored.body));
    if (content?.ok !== true) return contentIndex.remove(digest, []);
    // An index that was emptied does not know its lists, and they would stay behind.
    await contentIndex.add(digest, content.value);
    await contentIndex.remove(
      digest,
      content.value.files.map(({ sha256 }) => sha256),
    );
  }
}
