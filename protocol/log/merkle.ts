import { sha256 } from '#sha256';
import { concatBytes, equalBytes, type Bytes } from '../bytes.ts';

/** A 32-byte SHA-256 value: a leaf, a node or a root. */
export type Hash = Bytes;

/** RFC 6962 §2.1: the root of the empty tree. */
export const EMPTY_ROOT: Hash = sha256(new Uint8Array());

const LEAF = Uint8Array.of(0);

/** RFC 6962 §2.1: SHA-256(0x00 ‖ data), of bytes or of a text's UTF-8. */
export const leafHash = (data: Uint8Array | string): Hash =>
  sha256(typeof data === 'string' ? `\0${data}` : concatBytes(LEAF, data));

/** RFC 6962 §2.1: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  const input = new Uint8Array(65);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 33);
  return sha256(input);
}

/** The root over leaf hashes, in order. */
export function rootOf(leaves: Iterable<Hash>): Hash {
  const range = new CompactRange();
  for (const leaf of leaves) range.append(leaf);
  return range.root();
}

/** RFC 6962 §2.1.1: the inclusion proof of a leaf among all of a tree's leaves, its sibling first. */
export function proofOf(index: number, leaves: readonly Hash[]): Hash[] {
  const proof: Hash[] = [];
  let at = index;
  // A last node without a sibling moves up as it is.
  for (let level = leaves; level.length > 1; at = Math.floor(at / 2)) {
    const sibling = level[at % 2 === 1 ? at - 1 : at + 1];
    if (sibling !== undefined) proof.push(sibling);
    const above: Hash[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i] as Hash, level[i + 1]];
      above.push(right === undefined ? left : nodeHash(left, right));
    }
    level = above;
  }
  return proof;
}

/**
 * The peaks of a tree's perfect subtrees, largest first: enough to append and to name the root, in O(log n) space.
 * The tree of `size` leaves has one peak for each 1-bit of `size`.
 */
export class CompactRange {
  #size: number;
  readonly #peaks: Hash[];

  constructor(size = 0, peaks: readonly Hash[] = []) {
    if (peaks.length !== peakHeights(size).length) throw new RangeError(`peaks: wrong number for size ${size}`);
    this.#size = size;
    this.#peaks = [...peaks];
  }

  get size(): number {
    return this.#size;
  }

  /** The hashes of the perfect subtrees, largest first. */
  get peaks(): readonly Hash[] {
    return this.#peaks;
  }

  copy(): CompactRange {
    return new CompactRange(this.#size, this.#peaks);
  }

  /** Adds a leaf. `onNode(height, hash)` hears of every perfect subtree that it completes, the leaf (height 0) first. */
  append(leaf: Hash, onNode?: (height: number, hash: Hash) => void): void {
    let hash = leaf;
    onNode?.(0, hash);
    let height = 0;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      hash = nodeHash(this.#peaks.pop() as Hash, hash);
      onNode?.(++height, hash);
    }
    this.#peaks.push(hash);
    this.#size++;
  }

  root(): Hash {
    let root: Hash | undefined;
    for (let i = this.#peaks.length - 1; i >= 0; i--) {
      const peak = this.#peaks[i] as Hash;
      root = root === undefined ? peak : nodeHash(peak, root);
    }
    return root ?? EMPTY_ROOT;
  }
}

/** Heights of the perfect subtrees of a tree, largest first: the 1-bits of its size. */
export function peakHeights(size: number): number[] {
  const heights: number[] = [];
  for (let height = 0, rest = size; rest > 0; height++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) heights.unshift(height);
  }
  return heights;
}

const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

/**
 * Whether `proof` shows that the leaf with `hash` is at `index` in the tree of `size` with `root` (RFC 9162 §2.1.3.2,
 * the iterative form). All inputs may be hostile: sizes reach 2^53 − 1, so arithmetic is on numbers, never on 32 bits.
 */
export function verifyInclusion(index: number, size: number, hash: Hash, proof: readonly Hash[], root: Hash): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || proof.length > 53) return false;
  if (hash.length !== 32 || root.length !== 32 || proof.some((node) => node.length !== 32)) return false;
  let fn = index;
  let sn = size - 1;
  let r = hash;
  for (const p of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      r = nodeHash(r, p);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equalBytes(r, root);
}

/**
 * Whether `proof` shows that the tree of `size1` with `root1` is a prefix of that of `size2` with `root2` (RFC 9162
 * §2.1.4.2, the iterative form). A tree is consistent with itself by the empty proof; from the empty tree nothing can
 * be proven, so `size1` of 0 is refused unless both trees are empty.
 */
export function verifyConsistency(
  size1: number,
  size2: number,
  proof: readonly Hash[],
  root1: Hash,
  root2: Hash,
): boolean {
  if (!isSize(size1) || !isSize(size2) || size1 > size2 || proof.length > 107) return false;
  if (root1.length !== 32 || root2.length !== 32 || proof.some((node) => node.length !== 32)) return false;
  if (size1 === size2) return proof.length === 0 && equalBytes(root1, root2);
  if (size1 === 0 || proof.length === 0) return false;
  const isPowerOfTwo = peakHeights(size1).length === 1;
  const path = isPowerOfTwo ? [root1, ...proof] : proof;
  let fn = size1 - 1;
  let sn = size2 - 1;
  while (fn % 2 === 1) {
    fn = (fn - 1) / 2;
    sn = Math.floor(sn / 2);
  }
  let fr = path[0] as Hash;
  let sr = fr;
  for (const c of path.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(c, fr);
      sr = nodeHash(c, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      sr = nodeHash(sr, c);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equalBytes(fr, root1) && equalBytes(sr, root2);
}
