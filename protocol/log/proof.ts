import { CompactRange, nodeHash, type Hash } from './merkle.ts';
import { TILE_HEIGHT, TILE_WIDTH, tilePath, tileWidth, type TileAddress } from './tile.ts';

/** The perfect subtree that covers leaves `[index·2^height, (index+1)·2^height)`. */
export interface Node {
  height: number;
  index: number;
}

/** A proof to be made: each of its hashes is the fold of these perfect subtrees. */
export interface ProofPlan {
  size: number;
  nodes: Node[][];
}

/** Reads tiles of one tree, all in one go. Answers in the order asked, each at least as wide as asked. */
export type ReadTiles = (tiles: TileAddress[]) => Promise<Uint8Array[]>;

/** RFC 6962 §2.1.1: what the inclusion proof of `index` in a tree of `size` consists of. */
export function planInclusion(index: number, size: number): ProofPlan {
  if (!(index >= 0 && index < size)) throw new RangeError(`index: ${index} is not in a tree of ${size}`);
  const nodes: Node[][] = [];
  let low = 0;
  let high = size;
  while (high - low > 1) {
    const middle = low + largestPowerBelow(high - low);
    if (index < middle) {
      nodes.push(perfectSubtrees(middle, high));
      high = middle;
    } else {
      nodes.push(perfectSubtrees(low, middle));
      low = middle;
    }
  }
  return { size, nodes: nodes.toReversed() };
}

/** RFC 6962 §2.1.2: what the consistency proof from `size1` to `size2` consists of. Empty from 0 and to itself. */
export function planConsistency(size1: number, size2: number): ProofPlan {
  if (!(size1 >= 0 && size1 <= size2)) throw new RangeError(`size1: ${size1} is not within ${size2}`);
  const nodes: Node[][] = [];
  if (size1 === 0 || size1 === size2) return { size: size2, nodes };
  let low = 0;
  let high = size2;
  let isWholeFirstTree = true;
  while (size1 !== high) {
    const middle = low + largestPowerBelow(high - low);
    if (size1 <= middle) {
      nodes.push(perfectSubtrees(middle, high));
      high = middle;
    } else {
      nodes.push(perfectSubtrees(low, middle));
      low = middle;
      isWholeFirstTree = false;
    }
  }
  if (!isWholeFirstTree) nodes.push(perfectSubtrees(low, high));
  return { size: size2, nodes: nodes.toReversed() };
}

/** Makes the proofs of several plans over the same tree from one read of tiles. */
export async function proofsFromTiles(plans: readonly ProofPlan[], read: ReadTiles): Promise<Hash[][]> {
  const wanted = new Map<string, TileAddress>();
  for (const plan of plans) {
    for (const node of plan.nodes.flat()) {
      const tile = tileOf(node, plan.size);
      wanted.set(tilePath(tile), tile);
    }
  }
  const addresses = [...wanted.values()];
  const tiles = await read(addresses);
  const contents = new Map([...wanted.keys()].map((path, i) => [path, tiles[i] as Uint8Array]));
  const memo = new Map<string, Hash>();
  const hashOf = ({ height, index }: Node, size: number): Hash =>
    remembered(memo, `${height}/${index}`, () => {
      if (height % TILE_HEIGHT > 0) {
        const left = hashOf({ height: height - 1, index: index * 2 }, size);
        return nodeHash(left, hashOf({ height: height - 1, index: index * 2 + 1 }, size));
      }
      const tile = contents.get(tilePath(tileOf({ height, index }, size))) as Uint8Array;
      const at = (index % TILE_WIDTH) * 32;
      if (tile.length < at + 32) throw new RangeError('tile: narrower than asked');
      return tile.slice(at, at + 32);
    });
  return proofsFromNodes(plans, hashOf);
}

/** Makes the proofs of several plans over trees whose perfect subtrees are at hand. */
export function proofsFromNodes(plans: readonly ProofPlan[], hashOf: (node: Node, size: number) => Hash): Hash[][] {
  // The right edge is shared by many proofs of one tree, so its folds are made once.
  const memo = new Map<string, Hash>();
  const fold = ([first, ...rest]: Node[], size: number): Hash =>
    rest.length === 0
      ? hashOf(first as Node, size)
      : remembered(memo, `${first?.height}/${first?.index}+${rest.length}@${size}`, () =>
          nodeHash(hashOf(first as Node, size), fold(rest, size)),
        );
  return plans.map((plan) => plan.nodes.map((subtrees) => fold(subtrees, plan.size)));
}

function remembered(memo: Map<string, Hash>, key: string, make: () => Hash): Hash {
  let hash = memo.get(key);
  if (hash === undefined) memo.set(key, (hash = make()));
  return hash;
}

/** The perfect subtrees of a whole tree, read from its right edge: what an appender needs to go on. */
export async function rangeFromTiles(size: number, read: ReadTiles): Promise<CompactRange> {
  const plan = { size, nodes: perfectSubtrees(0, size).map((node) => [node]) };
  const [peaks = []] = await proofsFromTiles([plan], read);
  return new CompactRange(size, peaks);
}

/** The largest power of two below n, for n > 1. */
function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/** The perfect subtrees of leaves `[low, high)`, left to right; `low` is aligned to a power of two ≥ high − low. */
export function perfectSubtrees(low: number, high: number): Node[] {
  const nodes: Node[] = [];
  for (let at = low; at < high;) {
    let height = 0;
    while (at + 2 ** (height + 1) <= high && at % 2 ** (height + 1) === 0) height++;
    nodes.push({ height, index: at / 2 ** height });
    at += 2 ** height;
  }
  return nodes;
}

/** The tile whose hashes give this node. */
function tileOf(node: Node, size: number): TileAddress {
  const level = Math.floor(node.height / TILE_HEIGHT);
  const first = node.index * 2 ** (node.height - level * TILE_HEIGHT);
  const index = Math.floor(first / TILE_WIDTH);
  return { level, index, width: tileWidth(level, index, size) };
}
