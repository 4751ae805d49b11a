import type { ManifestFile } from '../../schemas/manifest.ts';
import { limits } from '../../schemas/limits.ts';
import type { Digest } from '../../schemas/primitives.ts';
import { concatBytes, utf8 } from '../../protocol/bytes.ts';
import { digestFromBytes, digestOf } from '../../protocol/digest.ts';
import { rootOf } from '../../protocol/log/merkle.ts';
import { ROW_DIGEST_BYTES, rowDigest, type RowDigests } from '../../protocol/rows/row-digests.ts';
import type { LocalFile } from '../../protocol/verify/content.ts';

/** A file of rows, whatever their bytes: as a manifest has it, as a buyer holds it, and its row-digest list. */
export interface RowFile {
  certified: ManifestFile;
  local: LocalFile;
  segments: Map<Digest, Uint8Array>;
}

/** The file that has these rows as its lines. */
export function rowFile(path: string, rows: readonly string[]): RowFile {
  const text = rows.map((row) => `${row}\n`).join('');
  const digests = rows.map((row) => rowDigest(utf8(row)));
  return fileWith(path, text, concatBytes(...digests), digestFromBytes(rootOf(digests)));
}

/** A file of which only the row-digest list matters; its root is none. */
export const listedFile = (path: string, list: Uint8Array): RowFile => fileWith(path, path, list, digestOf(path));

function fileWith(path: string, text: string, list: Uint8Array, root: Digest): RowFile {
  const bytes = limits.segmentRows * ROW_DIGEST_BYTES;
  const segments = new Map<Digest, Uint8Array>();
  for (let at = 0; at < list.length; at += bytes) {
    const segment = list.subarray(at, at + bytes);
    segments.set(digestOf(segment), segment);
  }
  const file = { path, bytes: utf8(text).length, sha256: digestOf(text).slice('sha256:'.length) };
  const count = list.length / ROW_DIGEST_BYTES;
  return {
    certified: {
      ...file,
      mediaType: 'application/jsonl',
      rows: { count, digests: [...segments.keys()], format: 'jsonl', root },
    },
    local: { ...file, rowDigests: digestsOf(list) },
    segments,
  };
}

const digestsOf = (list: Uint8Array): RowDigests => ({
  count: list.length / ROW_DIGEST_BYTES,
  async *read() {
    for (let at = 0; at < list.length; at += 1000 * ROW_DIGEST_BYTES) {
      yield list.subarray(at, at + 1000 * ROW_DIGEST_BYTES);
    }
  },
});
