import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { foldPairs } from '#sha256';
import { foldFours } from './four-nodes.ts';

/** RFC 6962 §2.1, by OpenSSL. */
const nodesOf = (pairs: Uint8Array): Buffer =>
  Buffer.concat(
    Array.from({ length: pairs.length / 64 }, (_, i) =>
      createHash('sha256')
        .update(Uint8Array.of(1))
        .update(pairs.subarray(64 * i, 64 * i + 64))
        .digest(),
    ),
  );

const fold = foldFours();

test('hashes as OpenSSL does, whatever the digests', () => {
  const four = fc.uint8Array({ minLength: 256, maxLength: 256 });
  fc.assert(
    fc.property(four, (pairs) => {
      const folded = pairs.slice();
      fold?.(folded, 1);
      expect(folded.subarray(0, 128)).toEqual(new Uint8Array(nodesOf(pairs)));
      // What comes behind the nodes stays.
      expect(folded.subarray(128)).toEqual(pairs.subarray(128));
    }),
  );
});

test('of more pairs than fit into its memory', () => {
  const pairs = Uint8Array.from({ length: 64 * 4 * 600 }, (_, i) => (i * 151) ^ (i >>> 8));
  const folded = pairs.slice();
  fold?.(folded, 600);
  expect(
    createHash('sha256')
      .update(folded.subarray(0, pairs.length / 2))
      .digest(),
  ).toEqual(createHash('sha256').update(nodesOf(pairs)).digest());
});

test('takes over from calls one by one once pairs are many', () => {
  const pairs = Uint8Array.from({ length: 64 * 12_003 }, (_, i) => (i * 151) ^ (i >>> 8));
  const nodes = nodesOf(pairs);
  for (let round = 0; round < 4; round++) {
    const folded = pairs.slice();
    foldPairs(folded, 12_003);
    expect(nodes.equals(folded.subarray(0, pairs.length / 2))).toBe(true);
  }
});

test('is nothing where WebAssembly may not be compiled, or is not there', () => {
  vi.stubGlobal('WebAssembly', undefined);
  expect(foldFours()).toBeNull();
  vi.unstubAllGlobals();
  expect(fold).not.toBeNull();
});
