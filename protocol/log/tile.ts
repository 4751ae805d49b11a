import { refuse, ok, type Result } from '../result.ts';

/** Hashes in a full tile, and the tree levels that one tile level spans (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8;

/** A tile of hashes at a level, or an entry bundle. `width` is 1 to 256; 256 is full. */
export interface TileAddress {
  level: number | 'entries';
  index: number;
  width: number;
}

/** The path under the log's prefix: `tile/0/x001/x234/067.p/112`. */
export function tilePath({ level, index, width }: TileAddress): string {
  const partial = width === TILE_WIDTH ? '' : `.p/${width}`;
  return `tile/${level}/${encodeIndex(index)}${partial}`;
}

/** Reads such a path strictly: what it accepts, {@link tilePath} gives back unchanged. */
export function parseTilePath(path: string): Result<TileAddress, 'malformed'> {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  if (match === null) return refuse('malformed');
  const level = match[1] === 'entries' ? ('entries' as const) : Number(match[1]);
  const address = {
    level,
    index: Number((match[2] as string).replace(/[x/]/g, '')),
    width: match[3] === undefined ? TILE_WIDTH : Number(match[3]),
  };
  if (level !== 'entries' && level > 63) return refuse('malformed');
  if (match[3] !== undefined && address.width >= TILE_WIDTH) return refuse('malformed');
  return Number.isSafeInteger(address.index) && tilePath(address) === path ? ok(address) : refuse('malformed');
}

function encodeIndex(index: number): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return groups.join('/');
}

/** How many hashes level `level` has in a tree of `size`: one for each full tile's worth below. */
export const hashesAtLevel = (level: number, size: number): number => Math.floor(size / TILE_WIDTH ** level);

/** The width that a tile has in a tree of `size`; 0 where the tree does not reach it. */
export function tileWidth(level: number | 'entries', index: number, size: number): number {
  const hashes = hashesAtLevel(level === 'entries' ? 0 : level, size);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** The address of the right-most, partial tile of each level; levels whose last tile is full have none. */
export function rightEdge(size: number): (TileAddress & { level: number })[] {
  const tiles: (TileAddress & { level: number })[] = [];
  for (let level = 0, hashes = size; hashes > 0; level++, hashes = Math.floor(hashes / TILE_WIDTH)) {
    const width = hashes % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: Math.floor(hashes / TILE_WIDTH), width });
  }
  return tiles;
}
