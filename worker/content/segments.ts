import type { Digest } from '../../schemas/primitives.ts';
import { ROW_DIGEST_BYTES } from '../../protocol/rows/row-digests.ts';
import type { Deps } from '../deps.ts';
import { recordsOver } from './records.ts';

/**
 * The sizes that a blob may have as a segment of a row-digest list: by the manifests that name it, are stored, and are
 * those of a record that was not erased. None where no such manifest names it.
 */
export async function listSizes(
  { database, contentIndex }: Pick<Deps, 'database' | 'contentIndex'>,
  blob: Digest,
): Promise<number[]> {
  const names = await contentIndex.namesOf(blob);
  if (names.length === 0) return [];
  const records = await recordsOver(
    database,
    names.map(({ manifest }) => manifest),
    1,
  );
  return names.flatMap(({ manifest, rows }) => (records.has(manifest.manifest) ? [rows * ROW_DIGEST_BYTES] : []));
}

/** Whether a blob is a segment of a row-digest list of some record. */
export const isListed = async (deps: Pick<Deps, 'database' | 'contentIndex'>, blob: Digest): Promise<boolean> =>
  (await listSizes(deps, blob)).length > 0;
