import type { Digest } from '../../schemas/primitives.ts';
import { ROW_DIGEST_BYTES } from '../../protocol/rows/row-digests.ts';
import type { Deps } from '../deps.ts';
import { recordsOver } from './records.ts';

/**
 * The sizes that a blob may have as a segment of a row-digest list: by the manifests that name it, are stored, and are
 * those of a record that was not erased; only `size`, unless that is null. None where no such manifest names it.
 */
export async function listSizes(
  { database, contentIndex }: Pick<Deps, 'database' | 'contentIndex'>,
  blob: Digest,
  size: number | null,
): Promise<number[]> {
  const rows = size === null ? null : size / ROW_DIGEST_BYTES;
  // By its number of rows: others may call it as long as they like, and take nobody's place.
  const names = rows === null || Number.isInteger(rows) ? await contentIndex.namesOf(blob, rows) : [];
  if (names.length === 0) return [];
  const records = await recordsOver(
    database,
    names.map(({ manifest }) => manifest),
    1,
  );
  const fitting = names.filter(({ manifest }) => records.has(manifest.manifest));
  return [...new Set(fitting.map(({ rows: count }) => count * ROW_DIGEST_BYTES))];
}

/** Whether a blob of `size` bytes is a segment of a row-digest list of some record. */
export const isListed = async (
  deps: Pick<Deps, 'database' | 'contentIndex'>,
  blob: Digest,
  size: number,
): Promise<boolean> => (await listSizes(deps, blob, size)).length > 0;
