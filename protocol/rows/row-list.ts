import { createSha256 } from '#sha256';
import { limits } from '../../schemas/limits.ts';
import type { ManifestRows, RowFormat } from '../../schemas/manifest.ts';
import type { Digest } from '../../schemas/primitives.ts';
import { digestFromBytes } from '../digest.ts';
import { ROW_DIGEST_BYTES } from './row-digests.ts';
import { RowTree } from './row-tree.ts';

/** Bytes of a full segment of a row-digest list. */
export const SEGMENT_BYTES = limits.segmentRows * ROW_DIGEST_BYTES;

/** What a manifest says of a file's rows, made from their digests as they come. */
export class RowList {
  #count = 0;
  readonly #tree = new RowTree();
  readonly #segments: Digest[] = [];
  #segment = createSha256();
  #segmentBytes = 0;

  /** Adds whole digests, concatenated. */
  append(digests: Uint8Array): void {
    this.#tree.append(digests);
    this.#count += digests.length / ROW_DIGEST_BYTES;
    for (let from = 0; from < digests.length;) {
      const end = Math.min(digests.length, from + SEGMENT_BYTES - this.#segmentBytes);
      this.#segment.update(digests.subarray(from, end));
      this.#segmentBytes += end - from;
      from = end;
      if (this.#segmentBytes === SEGMENT_BYTES) this.#endSegment();
    }
  }

  /** Ends the list; `raw` is how many of its rows are. */
  end(format: RowFormat, raw: number): ManifestRows {
    if (this.#segmentBytes > 0) this.#endSegment();
    return {
      count: this.#count,
      digests: this.#segments,
      format,
      ...(raw === 0 ? {} : { raw }),
      root: digestFromBytes(this.#tree.root()),
    };
  }

  #endSegment(): void {
    this.#segments.push(`sha256:${this.#segment.digest()}` as Digest);
    this.#segment = createSha256();
    this.#segmentBytes = 0;
  }
}
