import { decodeBundle } from '../protocol/log/entry.ts';
import { verifyConsistency, type Hash } from '../protocol/log/merkle.ts';
import { planConsistency, proofsFromTiles, type ReadTiles } from '../protocol/log/proof.ts';
import type { TreeHead } from '../protocol/log/checkpoint.ts';
import { TILE_WIDTH, tilePath, tileWidth, type TileAddress } from '../protocol/log/tile.ts';
import { ok, refuse, type Result } from '../protocol/result.ts';
import type { Bytes } from '../protocol/bytes.ts';
import { RegistryError, UntrustedError } from './errors.ts';
import type { Transport } from './transport.ts';

/** Tiles asked for at once. */
const PARALLEL = 8;

/** Bytes of the largest bundle: 256 entries of 64 KiB. */
const BUNDLE_BYTES = TILE_WIDTH * (2 + 65_535);

/** Reads tiles over HTTP. They prove nothing by themselves: whoever uses them checks against a trusted root. */
export const tileReader =
  (transport: Transport): ReadTiles =>
  async (tiles) => {
    const found: Uint8Array[] = [];
    for (let i = 0; i < tiles.length; i += PARALLEL) {
      found.push(...(await Promise.all(tiles.slice(i, i + PARALLEL).map((tile) => readHashes(transport, tile)))));
    }
    return found;
  };

async function readHashes(transport: Transport, tile: TileAddress): Promise<Bytes> {
  const bytes = await readTile(transport, tile, TILE_WIDTH * 32);
  if (bytes.length < tile.width * 32) throw new UntrustedError(`${tilePath(tile)} is shorter than its width says`);
  return bytes;
}

/** The entries of bundle `index` (256 a bundle) in a tree of `size`. Their hashes are for the caller to check. */
export async function readEntries(transport: Transport, index: number, size: number): Promise<string[]> {
  const width = tileWidth('entries', index, size);
  if (width === 0) return [];
  const tile: TileAddress = { level: 'entries', index, width };
  const entries = decodeBundle(await readTile(transport, tile, BUNDLE_BYTES));
  if (entries === null || entries.length < width) throw new UntrustedError(`${tilePath(tile)} is malformed`);
  return entries.slice(0, width);
}

async function readTile(transport: Transport, tile: TileAddress, maxBytes: number): Promise<Bytes> {
  try {
    return (await transport.call({ path: `/log/${tilePath(tile)}`, maxBytes })).bytes;
  } catch (error) {
    // A log may drop a partial tile once the full one is there (C2SP tlog-tiles, "Partial Tiles").
    const isGone = error instanceof RegistryError && error.status === 404 && tile.width < TILE_WIDTH;
    if (!isGone) throw error;
    return (await transport.call({ path: `/log/${tilePath({ ...tile, width: TILE_WIDTH })}`, maxBytes })).bytes;
  }
}

/**
 * Whether the log only grew from `before` to `after`, both of them heads that it signed. A refusal is evidence of
 * misbehaviour: a fork, or a log that went back.
 */
export async function proveGrowth(before: TreeHead, after: TreeHead, read: ReadTiles): Promise<Result<true, string>> {
  if (before.origin !== after.origin) return refuse(`these are two logs, ${before.origin} and ${after.origin}`);
  if (after.size < before.size) return refuse(`the log went back from size ${before.size} to ${after.size}`);
  if (before.size === 0) return ok(true);
  const [proof] = await proofsFromTiles([planConsistency(before.size, after.size)], read);
  return verifyConsistency(before.size, after.size, proof as Hash[], before.root, after.root)
    ? ok(true)
    : refuse(`the log of size ${after.size} does not contain the one of size ${before.size}: it has forked`);
}
