import { ROW_DIGEST_BYTES, type RowDigests } from '../../protocol/rows/row-digests.ts';

/** Bytes read at a time, and of row digests that are gathered before they go into a Blob: whole digests. */
const CHUNK = 1024 * 1024;

/** A Blob's bytes in order. */
export async function* piecesOf(blob: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < blob.size; at += CHUNK) yield new Uint8Array(await blob.slice(at, at + CHUNK).arrayBuffer());
}

/** Row digests in Blobs, so that few of them are in memory. */
export class BlobList {
  readonly #blobs: Blob[] = [];
  readonly #chunk = new Uint8Array(CHUNK);
  #filled = 0;

  /** Adds whole digests, concatenated. */
  append(digests: Uint8Array): void {
    for (let from = 0; from < digests.length;) {
      const end = Math.min(digests.length, from + CHUNK - this.#filled);
      this.#chunk.set(digests.subarray(from, end), this.#filled);
      this.#filled += end - from;
      from = end;
      if (this.#filled === CHUNK) this.#keep();
    }
  }

  end(): Blob {
    this.#keep();
    return new Blob(this.#blobs);
  }

  #keep(): void {
    this.#blobs.push(new Blob([this.#chunk.subarray(0, this.#filled)]));
    this.#filled = 0;
  }
}

/** The row digests in a list that was made so. */
export const rowDigestsIn = (list: Blob): RowDigests => ({
  count: list.size / ROW_DIGEST_BYTES,
  read: () => piecesOf(list),
});
