import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryTiles } from '../../test/support/log.ts';
import { toBase64, utf8 } from '../bytes.ts';
import { InclusionVerifier } from './inclusion.ts';
import { leafHash, verifyInclusion, type Hash } from './merkle.ts';
import { planInclusion, proofsFromTiles } from './proof.ts';

/** A tree of `size` leaves, with the proof of each. */
async function tree(size: number): Promise<{ root: Hash; leaves: Hash[]; proofs: Hash[][] }> {
  const tiles = new MemoryTiles();
  const leaves = Array.from({ length: size }, (_, i) => leafHash(utf8(`leaf ${i}`)));
  for (const leaf of leaves) tiles.append(leaf);
  const plans = leaves.map((_, i) => planInclusion(i, size));
  return { root: tiles.root(), leaves, proofs: await proofsFromTiles(plans, tiles.read) };
}

interface Claim {
  index: number;
  leaf: Hash;
  proof: Hash[];
}

/** What a forger does to a claim that was true. */
const FORGERIES: ((claim: Claim, other: Claim, at: number) => Claim)[] = [
  (claim) => claim,
  (claim, other) => ({ ...claim, index: other.index }),
  (claim, other) => ({ ...claim, leaf: other.leaf }),
  (claim, other) => ({ ...claim, proof: other.proof }),
  ({ proof, ...claim }, _, at) => ({ ...claim, proof: proof.toSpliced(at % (proof.length + 1), 1) }),
  ({ proof, ...claim }, other, at) => ({
    ...claim,
    proof: proof.toSpliced(at % (proof.length + 1), 0, other.proof[0] ?? other.leaf),
  }),
  ({ proof, ...claim }, other, at) => ({
    ...claim,
    proof: proof.map((hash, i) => (i === at % (proof.length + 1) ? (other.proof[i] ?? other.leaf) : hash)),
  }),
  ({ proof, ...claim }) => ({ ...claim, proof: proof.toReversed() }),
  (claim) => ({ ...claim, index: claim.index + 2 ** 32 }),
];

test('judges every proof as verifyInclusion does, in whatever order true and forged ones come', async () => {
  const trees = await Promise.all([1, 2, 3, 7, 8, 13, 64, 65, 100, 300].map(tree));
  fc.assert(
    fc.property(
      fc.constantFrom(...trees),
      fc.array(fc.record({ leaf: fc.nat(), other: fc.nat(), forgery: fc.nat(), at: fc.nat(12) }), { maxLength: 60 }),
      ({ root, leaves, proofs }, claims) => {
        const size = leaves.length;
        const verifier = new InclusionVerifier(size, root);
        const trueClaim = (i: number): Claim => ({
          index: i % size,
          leaf: leaves[i % size] as Hash,
          proof: proofs[i % size] as Hash[],
        });
        for (const { leaf, other, forgery, at } of claims) {
          const forge = FORGERIES[forgery % FORGERIES.length] as (typeof FORGERIES)[number];
          const claim = forge(trueClaim(leaf), trueClaim(other), at);
          const verdict = verifyInclusion(claim.index, size, claim.leaf, claim.proof, root);
          expect(verifier.verify(claim.index, claim.leaf, claim.proof.map(toBase64))).toBe(verdict);
        }
      },
    ),
  );
});

test('takes every proof of a tree, twice', async () => {
  const { root, leaves, proofs } = await tree(300);
  const verifier = new InclusionVerifier(300, root);
  for (const _ of [1, 2])
    for (const [i, leaf] of leaves.entries())
      expect(verifier.verify(i, leaf, (proofs[i] as Hash[]).map(toBase64))).toBe(true);
});

test.for(['', 'x', 'AAAA', '='.repeat(44)])('%j is no hash', async (text) => {
  const { root, leaves } = await tree(2);
  expect(new InclusionVerifier(2, root).verify(0, leaves[0] as Hash, [text])).toBe(false);
});
