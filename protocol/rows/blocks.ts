import type { Bytes } from '../bytes.ts';
import type { Hash } from '../log/merkle.ts';
import { ROW_DIGEST_BYTES } from './row-digests.ts';
import { RowTree } from './row-tree.ts';

/** Rows of one block of a row-digest list: a power of two, so that a block is a subtree of its segment. */
export const BLOCK_ROWS = 4096;

/** The root of each block of a list of row digests that begins with a block, the last one shorter. */
export function blockRoots(list: Bytes): Hash[] {
  const roots: Hash[] = [];
  for (let at = 0; at < list.length; at += BLOCK_ROWS * ROW_DIGEST_BYTES) {
    const tree = new RowTree();
    tree.append(list.subarray(at, at + BLOCK_ROWS * ROW_DIGEST_BYTES));
    roots.push(tree.root());
  }
  return roots;
}

/** The digests of a list, in order. */
export function* rowsOf(list: Bytes): Generator<Hash> {
  for (let at = 0; at < list.length; at += ROW_DIGEST_BYTES) yield list.subarray(at, at + ROW_DIGEST_BYTES);
}
