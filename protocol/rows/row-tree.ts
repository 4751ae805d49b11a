import { sha256Into } from '#sha256';
import { CompactRange, EMPTY_ROOT, nodeHash, type Hash } from '../log/merkle.ts';
import { ROW_DIGEST_BYTES } from './row-digests.ts';

/** Leaves of one block: a power of two, so that a block is a subtree. */
const BLOCK = 1024;

/**
 * The RFC 6962 tree over row digests that come in pieces. Blocks are hashed in place, level by level: millions of rows
 * take a hash each, and no memory.
 */
export class RowTree {
  readonly #blocks = new CompactRange();
  /** A byte for the prefix of a node, then the digests of the block begun. */
  readonly #block = new Uint8Array(1 + BLOCK * ROW_DIGEST_BYTES);
  #filled = 0;

  /** Adds leaves: whole digests, concatenated. */
  append(digests: Uint8Array): void {
    const capacity = BLOCK * ROW_DIGEST_BYTES;
    for (let from = 0; from < digests.length;) {
      const end = Math.min(digests.length, from + capacity - this.#filled);
      this.#block.set(digests.subarray(from, end), 1 + this.#filled);
      this.#filled += end - from;
      from = end;
      if (this.#filled < capacity) continue;
      this.#blocks.append(foldBlock(this.#block, BLOCK));
      this.#filled = 0;
    }
  }

  /** The root. Ends it: what is appended later spoils the tree. */
  root(): Hash {
    const peaks = [...this.#blocks.peaks];
    const leaves = this.#filled / ROW_DIGEST_BYTES;
    if (leaves > 0) peaks.push(foldBlock(this.#block, leaves));
    return (
      peaks.reduceRight<Hash | null>((root, peak) => (root === null ? peak : nodeHash(peak, root)), null) ?? EMPTY_ROOT
    );
  }
}

/**
 * The root over `count` digests, which stand in `block` from index 1 on and are overwritten. A node's prefix goes where
 * the byte before its children is no longer needed; a last digest without a sibling moves up as it is.
 */
function foldBlock(block: Uint8Array, count: number): Hash {
  for (let width = count; width > 1; width = Math.ceil(width / 2)) {
    const pairs = Math.floor(width / 2);
    for (let i = 0; i < pairs; i++) {
      const at = 2 * ROW_DIGEST_BYTES * i;
      block[at] = 1;
      sha256Into(block.subarray(at, at + 1 + 2 * ROW_DIGEST_BYTES), block, 1 + ROW_DIGEST_BYTES * i);
    }
    if (width % 2 === 1) {
      const last = 1 + ROW_DIGEST_BYTES * (width - 1);
      block.copyWithin(1 + ROW_DIGEST_BYTES * pairs, last, last + ROW_DIGEST_BYTES);
    }
  }
  return block.slice(1, 1 + ROW_DIGEST_BYTES);
}
