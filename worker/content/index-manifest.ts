import type { Digest } from '../../schemas/primitives.ts';
import type { Content } from '../../protocol/manifest.ts';
import { db, type Database } from '../database/port.ts';
import type { Deps } from '../deps.ts';

/** Whether a logged statement that was not erased names a blob. */
export async function isNamed(database: Database, digest: Digest): Promise<boolean> {
  const refs = db.selectFrom('blob_refs').select('log_index').where('digest', '=', digest).limit(1);
  return (await database.all(refs.compile())).length > 0;
}

/**
 * Has a blob that was read as a manifest indexed; null if it is none. Where all that named it was erased meanwhile, and
 * swept, it is forgotten again: nobody else would know what it lists.
 */
export async function indexManifest(
  { database, contentIndex }: Pick<Deps, 'database' | 'contentIndex'>,
  manifest: Digest,
  content: Content | null,
): Promise<void> {
  await contentIndex.add(manifest, content);
  if (await isNamed(database, manifest)) return;
  await contentIndex.remove(manifest, content?.files.map(({ sha256 }) => sha256) ?? []);
}
