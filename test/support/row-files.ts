import { limits } from '../../schemas/limits.ts';
import type { ManifestFile } from '../../schemas/manifest.ts';
import type { Digest } from '../../schemas/primitives.ts';
import { concatBytes } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { ROW_DIGEST_BYTES } from '../../protocol/rows/row-digests.ts';
import type { LocalFile } from '../../protocol/verify/content.ts';
import { rowFile } from './rows.ts';

/** A file of rows: as a manifest has it, as a buyer holds it, and its row-digest list. */
export interface HeldFile {
  certified: ManifestFile;
  local: LocalFile;
  segments: Map<Digest, Uint8Array>;
}

/** The file that has these rows as its lines. */
export function heldFile(path: string, rows: readonly string[]): HeldFile {
  const { file, lists } = rowFile(path, rows);
  return held(file, lists);
}

/** A file of which only the row-digest list matters: its root is none. */
export function listedFile(path: string, list: Uint8Array): HeldFile {
  const bytes = limits.segmentRows * ROW_DIGEST_BYTES;
  const lists = Array.from({ length: Math.ceil(list.length / bytes) }, (_, i) =>
    list.subarray(i * bytes, (i + 1) * bytes),
  );
  const { file } = rowFile(path, []);
  const digests = lists.map((segment) => digestOf(segment));
  const count = list.length / ROW_DIGEST_BYTES;
  const sha256 = digestOf(path).slice('sha256:'.length);
  return held({ ...file, sha256, rows: { count, digests, format: 'jsonl', root: digestOf(path) } }, lists);
}

const held = (file: ManifestFile, lists: readonly Uint8Array[]): HeldFile => ({
  certified: file,
  local: {
    path: file.path,
    bytes: file.bytes,
    sha256: file.sha256,
    rowDigests: {
      count: file.rows?.count ?? 0,
      async *read() {
        // In pieces: whoever reads must put them together.
        const list = concatBytes(...lists);
        for (let at = 0; at < list.length; at += 1000 * ROW_DIGEST_BYTES) {
          yield list.subarray(at, at + 1000 * ROW_DIGEST_BYTES);
        }
      },
    },
  },
  segments: new Map(lists.map((segment) => [digestOf(segment), segment])),
});
