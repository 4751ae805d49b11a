import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, toHex, utf8 } from '../bytes.ts';
import { sha256Bytes } from '../digest.ts';
import { MemoryTiles } from '../../test/support/log.ts';
import {
  CompactRange,
  EMPTY_ROOT,
  leafHash,
  nodeHash,
  peakHeights,
  proofOf,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts';
import type { Hash } from './merkle.ts';
import { planConsistency, planInclusion, proofsFromTiles } from './proof.ts';

/** RFC 6962 §2.1, word for word. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256Bytes(new Uint8Array());
  if (leaves.length === 1) return sha256Bytes(concatBytes(Uint8Array.of(0), leaves[0] as Uint8Array));
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256Bytes(concatBytes(Uint8Array.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k))));
}

const data = (n: number): Uint8Array[] => Array.from({ length: n }, (_, i) => utf8(`leaf ${i}`));
const hashes = (n: number): Hash[] => data(n).map(leafHash);

const MAX = 1200;
/** Every size to 100, then those about the powers of two, of which 256 ends the first tile. */
const POWERS = [127, 128, 129, 200, 255, 256, 257, 258, 271, 511, 512, 513, 600, 1023, 1024, 1025, MAX];
const SIZES = [...Array.from({ length: 100 }, (_, i) => i + 1), ...POWERS];
const LEAVES = hashes(MAX);
const tilesOf = (size: number): MemoryTiles => {
  const tiles = new MemoryTiles();
  for (const leaf of LEAVES.slice(0, size)) tiles.append(leaf);
  return tiles;
};
const FULL = tilesOf(MAX);
const ROOTS = Array.from({ length: MAX + 1 }, (_, n) => n).reduce<{ range: CompactRange; roots: Hash[] }>(
  ({ range, roots }, n) => {
    if (n > 0) range.append(LEAVES[n - 1] as Hash);
    roots.push(range.root());
    return { range, roots };
  },
  { range: new CompactRange(), roots: [] },
).roots;
const rootAt = (size: number): Hash => ROOTS[size] as Hash;

const inclusionOf = async (index: number, size: number): Promise<Hash[]> =>
  (await proofsFromTiles([planInclusion(index, size)], FULL.read))[0] as Hash[];
const consistencyOf = async (size1: number, size2: number): Promise<Hash[]> =>
  (await proofsFromTiles([planConsistency(size1, size2)], FULL.read))[0] as Hash[];

const flip = (hash: Hash, bit: number): Hash => {
  const flipped = hash.slice();
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
  return flipped;
};

describe('roots', () => {
  test('of no leaf and of one, by their definition', () => {
    expect(toHex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(toHex(leafHash(new Uint8Array()))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(rootOf([])).toEqual(EMPTY_ROOT);
  });

  test('agree with the recursive definition at every size to 70, and about 128', () => {
    const sizes = [...Array.from({ length: 71 }, (_, n) => n), 127, 128, 129, 130];
    for (const n of sizes) expect(rootOf(LEAVES.slice(0, n))).toEqual(mth(data(n)));
  });

  test('a compact range tells every perfect subtree once, and can be resumed from its peaks', () => {
    const told: string[] = [];
    const range = new CompactRange();
    for (const leaf of LEAVES.slice(0, 100))
      range.append(leaf, (height, hash) => void told.push(`${height} ${toHex(hash)}`));
    for (let height = 0; height <= 6; height++) {
      const expected = Array.from({ length: Math.floor(100 / 2 ** height) }, (_, i) =>
        toHex(mth(data(100).slice(i * 2 ** height, (i + 1) * 2 ** height))),
      );
      expect(told.filter((line) => line.startsWith(`${height} `))).toEqual(expected.map((hash) => `${height} ${hash}`));
    }
    const peaks = [rootOf(LEAVES.slice(0, 64)), rootOf(LEAVES.slice(64, 96)), rootOf(LEAVES.slice(96, 100))];
    const resumed = new CompactRange(100, peaks);
    const copy = resumed.copy();
    resumed.append(LEAVES[100] as Hash);
    expect([resumed.root(), copy.root(), copy.size]).toEqual([rootAt(101), rootAt(100), 100]);
    expect(() => new CompactRange(100, peaks.slice(1))).toThrow(RangeError);
  });
});

describe('proofs from tiles', () => {
  test('inclusion verifies at every index of every size to 40, and at chosen ones past it', async () => {
    for (const size of SIZES) {
      const indices = size <= 40 ? Array.from({ length: size }, (_, i) => i) : [0, size >> 1, size - 2, size - 1];
      const proofs = await proofsFromTiles(
        indices.map((index) => planInclusion(index, size)),
        FULL.read,
      );
      const verdicts = indices.map((index, i) =>
        verifyInclusion(index, size, LEAVES[index] as Hash, proofs[i] as Hash[], rootAt(size)),
      );
      expect(verdicts.every(Boolean), `size ${size}`).toBe(true);
    }
  });

  test('consistency verifies from every size to every size to 40, and from chosen ones past it', async () => {
    for (const size2 of SIZES) {
      const first =
        size2 <= 40 ? Array.from({ length: size2 }, (_, i) => i + 1) : [1, 255, 256, 257, size2 >> 1, size2 - 1];
      const sizes = first.filter((size1) => size1 <= size2);
      const proofs = await proofsFromTiles(
        sizes.map((size1) => planConsistency(size1, size2)),
        FULL.read,
      );
      const verdicts = sizes.map((size1, i) =>
        verifyConsistency(size1, size2, proofs[i] as Hash[], rootAt(size1), rootAt(size2)),
      );
      expect(verdicts.every(Boolean), `size ${size2}`).toBe(true);
    }
  });

  test('a flipped bit, another index, a shorter or longer proof: refused', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(MAX - 1), fc.nat(MAX - 1), fc.nat(255), fc.nat(10), async (a, b, bit, at) => {
        const [index, size] = [Math.min(a, b), Math.max(a, b) + 1];
        const proof = await inclusionOf(index, size);
        const leaf = LEAVES[index] as Hash;
        const root = rootAt(size);
        const check = (i: number, n: number, l: Hash, p: Hash[], r: Hash): boolean => verifyInclusion(i, n, l, p, r);
        expect(check(index, size, leaf, proof, root)).toBe(true);
        expect(check(index, size, flip(leaf, bit), proof, root)).toBe(false);
        expect(check(index, size, leaf, proof, flip(root, bit))).toBe(false);
        expect(check(index, size, leaf, [...proof, leaf], root)).toBe(false);
        expect(check(index + 1, size, leaf, proof, root)).toBe(false);
        if (proof.length === 0) return;
        const changed = proof.with(at % proof.length, flip(proof[at % proof.length] as Hash, bit));
        expect(check(index, size, leaf, changed, root)).toBe(false);
        expect(check(index, size, leaf, proof.slice(1), root)).toBe(false);
        expect(check(index, size, leaf, proof.slice(0, -1), root)).toBe(false);
      }),
    ));

  test('nor does a tampered consistency proof pass', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: MAX }),
        fc.integer({ min: 1, max: MAX }),
        fc.nat(255),
        fc.nat(20),
        async (a, b, bit, at) => {
          fc.pre(a !== b);
          const [size1, size2] = [Math.min(a, b), Math.max(a, b)];
          const proof = await consistencyOf(size1, size2);
          const [root1, root2] = [rootAt(size1), rootAt(size2)];
          expect(verifyConsistency(size1, size2, proof, root1, root2)).toBe(true);
          expect(verifyConsistency(size2, size1, proof, root2, root1)).toBe(false);
          expect(verifyConsistency(size1, size2, proof, flip(root1, bit), root2)).toBe(false);
          expect(verifyConsistency(size1, size2, proof, root1, flip(root2, bit))).toBe(false);
          const changed = proof.with(at % proof.length, flip(proof[at % proof.length] as Hash, bit));
          expect(verifyConsistency(size1, size2, changed, root1, root2)).toBe(false);
          expect(verifyConsistency(size1, size2, proof.slice(1), root1, root2)).toBe(false);
          expect(verifyConsistency(size1, size2, [...proof, root1], root1, root2)).toBe(false);
        },
      ),
    ));

  test('nothing is proven from the empty tree, and a tree is consistent with itself', () => {
    expect(verifyConsistency(0, 5, [], EMPTY_ROOT, rootAt(5))).toBe(false);
    expect(verifyConsistency(5, 5, [], rootAt(5), rootAt(5))).toBe(true);
    expect(verifyConsistency(5, 5, [], rootAt(5), rootAt(4))).toBe(false);
    expect(planConsistency(0, 5).nodes).toEqual([]);
    expect(planConsistency(5, 5).nodes).toEqual([]);
  });

  test('planning outside the tree is misuse', () => {
    for (const [index, size] of [
      [0, 0],
      [5, 5],
      [-1, 5],
      [NaN, 5],
    ] as const)
      expect(() => planInclusion(index, size)).toThrow(RangeError);
    for (const [size1, size2] of [
      [6, 5],
      [-1, 5],
      [NaN, 5],
    ] as const)
      expect(() => planConsistency(size1, size2)).toThrow(RangeError);
  });

  test('a tile narrower than asked is misuse, not a wrong proof', async () => {
    const read = async () => [new Uint8Array(32)];
    await expect(proofsFromTiles([planInclusion(0, 3)], read)).rejects.toThrow(RangeError);
  });
});

describe('sizes near 2^53', () => {
  const SIZE = Number.MAX_SAFE_INTEGER;
  const leaf = leafHash(utf8('last'));

  test('the last leaf of 2^53 − 1 is proven by 52 nodes to the left, no 32-bit arithmetic in the way', () => {
    const proof = Array.from({ length: 52 }, (_, i) => leafHash(utf8(`node ${i}`)));
    const root = proof.reduce((right, left) => nodeHash(left, right), leaf);
    expect(verifyInclusion(SIZE - 1, SIZE, leaf, proof, root)).toBe(true);
    for (const index of [SIZE - 2, SIZE - 1 - 2 ** 32, 2 ** 31])
      expect(verifyInclusion(index, SIZE, leaf, proof, root)).toBe(false);
  });

  test('the first leaf is proven by 53 nodes to the right, and plans take as many', () => {
    const proof = Array.from({ length: 53 }, (_, i) => leafHash(utf8(`node ${i}`)));
    const root = proof.reduce((left, right) => nodeHash(left, right), leaf);
    expect(verifyInclusion(0, SIZE, leaf, proof, root)).toBe(true);
    expect(verifyInclusion(0, SIZE, leaf, [...proof, leaf], root)).toBe(false);
    expect(planInclusion(0, SIZE).nodes).toHaveLength(53);
    expect(planInclusion(SIZE - 1, SIZE).nodes).toHaveLength(52);
    expect(peakHeights(SIZE)).toHaveLength(53);
  });

  test('from 2^52 to 2^53 − 1: one node, the whole right part', () => {
    const [left, right] = [leafHash(utf8('left')), leafHash(utf8('right'))];
    expect(planConsistency(2 ** 52, SIZE).nodes).toHaveLength(1);
    expect(verifyConsistency(2 ** 52, SIZE, [right], left, nodeHash(left, right))).toBe(true);
    expect(verifyConsistency(2 ** 52 - 1, SIZE, [right], left, nodeHash(left, right))).toBe(false);
  });

  test('what is no size is refused', () => {
    for (const size of [2 ** 53, -1, 1.5, NaN, Infinity]) {
      expect(verifyInclusion(0, size, leaf, [], leaf)).toBe(false);
      expect(verifyConsistency(1, size, [leaf], leaf, leaf)).toBe(false);
      expect(verifyConsistency(size, size, [], leaf, leaf)).toBe(false);
    }
    for (const index of [-1, 0.5, NaN]) expect(verifyInclusion(index, 1, leaf, [], leaf)).toBe(false);
  });

  test('hashes of any other length are refused', () => {
    const short = leaf.slice(1);
    expect(verifyInclusion(0, 1, short, [], short)).toBe(false);
    expect(verifyInclusion(0, 2, leaf, [short], nodeHash(leaf, leaf))).toBe(false);
    expect(verifyConsistency(1, 1, [], short, short)).toBe(false);
    expect(verifyConsistency(1, 2, [short], leaf, leaf)).toBe(false);
  });
});

/** As many shapes of trees as those of all sizes to 40 have, and some of several tiles. */
const SOME_SIZES = SIZES.filter((size) => size <= 40 || size > 270);

test('the inclusion proof among all leaves is that of tiles, at chosen places', async () => {
  for (const size of SOME_SIZES) {
    for (const index of new Set([0, 1, size >> 1, size - 2, size - 1].filter((at) => at >= 0 && at < size))) {
      expect(proofOf(index, LEAVES.slice(0, size))).toEqual(await inclusionOf(index, size));
    }
  }
});

test('a proof within a block, then of the block, is the proof in the whole tree', () => {
  const block = 16;
  for (const size of SOME_SIZES) {
    const leaves = LEAVES.slice(0, size);
    const blocks: Hash[][] = [];
    for (let at = 0; at < size; at += block) blocks.push(leaves.slice(at, at + block));
    const roots = blocks.map(rootOf);
    expect(rootOf(roots)).toEqual(rootAt(size));
    for (const index of new Set([0, block - 1, size >> 1, size - 1].filter((at) => at < size))) {
      const at = Math.floor(index / block);
      const path = [...proofOf(index % block, blocks[at] as Hash[]), ...proofOf(at, roots)];
      expect(verifyInclusion(index, size, leaves[index] as Hash, path, rootAt(size))).toBe(true);
    }
  }
});
