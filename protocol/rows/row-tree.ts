import { foldPairs } from '#sha256';
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
  /** The digests of the block begun. */
  readonly #block = new Uint8Array(BLOCK * ROW_DIGEST_BYTES);
  #filled = 0;

  /** Adds leaves: whole digests, concatenated. */
  append(digests: Uint8Array): void {
    const capacity = this.#block.length;
    for (let from = 0; from < digests.length;) {
      const end = Math.min(digests.length, from + capacity - this.#filled);
      this.#block.set(digests.subarray(from, end), this.#filled);
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

/** The root over the first `count` digests of `block`, which is overwritten. A last one without a sibling moves up as it is. */
function foldBlock(block: Uint8Array, count: number): Hash {
  for (let width = count; width > 1; width = Math.ceil(width / 2)) {
    const pairs = Math.floor(width / 2);
    foldPairs(block, pairs);
    if (width % 2 === 1) {
      block.copyWithin(pairs * ROW_DIGEST_BYTES, (width - 1) * ROW_DIGEST_BYTES, width * ROW_DIGEST_BYTES);
    }
  }
  return block.slice(0, ROW_DIGEST_BYTES);
}
