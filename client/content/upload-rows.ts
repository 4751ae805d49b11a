import type { ManifestRows } from '../../schemas/manifest.ts';
import type { Digest } from '../../schemas/primitives.ts';
import { concatBytes, type Bytes } from '../../protocol/bytes.ts';
import type { RowDigests } from '../../protocol/rows/row-digests.ts';
import { SEGMENT_BYTES } from '../../protocol/rows/row-list.ts';

/** Where blobs go: a RegistryClient. */
interface BlobStore {
  putBlob(digest: Digest, bytes: Bytes): Promise<boolean>;
}

/**
 * Uploads a file's row-digest list, a segment at a time, once the registry holds the manifest that names the segments. What
 * it has already it takes again without harm, so an upload that broke off is simply repeated. `onBytes` hears of each.
 */
export async function uploadRowDigests(
  store: BlobStore,
  { digests }: Pick<ManifestRows, 'digests'>,
  list: RowDigests,
  onBytes: (bytes: number) => void = () => {},
): Promise<void> {
  let at = 0;
  for await (const segment of segmentsOf(list)) {
    const digest = digests[at++];
    if (digest === undefined) throw new RangeError('list: longer than the manifest says');
    await store.putBlob(digest, segment);
    onBytes(segment.length);
  }
  if (at !== digests.length) throw new RangeError('list: shorter than the manifest says');
}

/** A row-digest list in the segments in which it is stored. Each is a buffer of its own. */
export async function* segmentsOf(list: RowDigests): AsyncGenerator<Bytes> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of list.read()) {
    for (let from = 0; from < piece.length;) {
      const end = Math.min(piece.length, from + SEGMENT_BYTES - bytes);
      pieces.push(piece.slice(from, end));
      bytes += end - from;
      from = end;
      if (bytes < SEGMENT_BYTES) continue;
      yield concatBytes(...pieces);
      [pieces, bytes] = [[], 0];
    }
  }
  if (bytes > 0) yield concatBytes(...pieces);
}
