/** Bytes of a digest. */
const DIGEST = 32;

/** Replaces the pairs of digests from number `from` up to `end` by their nodes, one by one. */
export function foldPairsBy(
  sha256Into: (data: Uint8Array, out: Uint8Array, at: number) => void,
  digests: Uint8Array,
  from: number,
  end: number,
): void {
  const node = new Uint8Array(1 + 2 * DIGEST);
  node[0] = 1;
  for (let pair = from; pair < end; pair++) {
    const at = 2 * DIGEST * pair;
    node.set(digests.subarray(at, at + 2 * DIGEST), 1);
    sha256Into(node, digests, DIGEST * pair);
  }
}
