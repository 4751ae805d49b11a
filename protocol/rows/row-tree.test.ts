import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes } from '../bytes.ts';
import { digestFromBytes, digestOf } from '../digest.ts';
import { leafHash, rootOf } from '../log/merkle.ts';
import { RowList } from './row-list.ts';
import { RowTree } from './row-tree.ts';

const leaves = Array.from({ length: 5000 }, (_, i) => leafHash(`${i}`));

/** Digests in pieces of whole ones. */
function* pieces(count: number, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < count; i++) {
    const end = Math.min(count, at + (sizes[i % sizes.length] as number));
    yield concatBytes(...leaves.slice(at, end));
    at = end;
  }
}

test('has the root of RFC 6962, whatever the size and the pieces', () => {
  const size = fc.oneof(fc.nat(70), fc.integer({ min: 1000, max: 1100 }), fc.integer({ min: 2040, max: 5000 }));
  fc.assert(
    fc.property(size, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }), (count, sizes) => {
      const tree = new RowTree();
      for (const piece of pieces(count, sizes)) tree.append(piece);
      expect(tree.root()).toEqual(rootOf(leaves.slice(0, count)));
    }),
    { numRuns: 20 },
  );
});

test('a list is what a manifest says of it', () => {
  const list = new RowList();
  for (const piece of pieces(2500, [1000])) list.append(piece);
  expect(list.end('jsonl', 3)).toEqual({
    count: 2500,
    digests: [digestOf(concatBytes(...leaves.slice(0, 2500)))],
    format: 'jsonl',
    raw: 3,
    root: digestFromBytes(rootOf(leaves.slice(0, 2500))),
  });
  expect(new RowList().end('csv', 0)).toEqual({
    count: 0,
    digests: [],
    format: 'csv',
    root: digestOf(new Uint8Array()),
  });
});
