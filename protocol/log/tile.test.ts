import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../bytes.ts';
import { MemoryTiles } from '../../test/support/log.ts';
import { leafHash } from './merkle.ts';
import { hashesAtLevel, parseTilePath, rightEdge, tilePath, tileWidth } from './tile.ts';

test.for([
  [{ level: 0, index: 1234067, width: 256 }, 'tile/0/x001/x234/067'],
  [{ level: 1, index: 5, width: 17 }, 'tile/1/005.p/17'],
  [{ level: 'entries' as const, index: 1000, width: 1 }, 'tile/entries/x001/000.p/1'],
  [{ level: 63, index: 0, width: 255 }, 'tile/63/000.p/255'],
] as const)('%j is %s', ([address, path]) => {
  expect(tilePath(address)).toBe(path);
  expect(parseTilePath(path)).toEqual({ ok: true, value: address });
});

test('paths round-trip for every address', () =>
  fc.assert(
    fc.property(
      fc.oneof(fc.nat(63), fc.constant('entries' as const)),
      fc.maxSafeNat(),
      fc.integer({ min: 1, max: 256 }),
      (level, index, width) => {
        const address = { level, index, width };
        expect(parseTilePath(tilePath(address))).toEqual({ ok: true, value: address });
      },
    ),
  ));

test.for([
  ['tile/0/5', 'groups have three digits'],
  ['tile/0/0005', 'groups have three digits'],
  ['tile/0/001/002', 'all but the last group begin with x'],
  ['tile/0/x001/x002', 'the last group does not'],
  ['tile/0/x000/005', 'no leading zero group'],
  ['tile/00/005', 'no leading zero in the level'],
  ['tile/64/005', 'levels end at 63'],
  ['tile/-1/005', 'levels begin at 0'],
  ['tile/0/005.p/256', 'a full tile has no width'],
  ['tile/0/005.p/0', 'an empty tile is never served'],
  ['tile/0/005.p/017', 'no leading zero in the width'],
  ['tile/0/005.p/', 'a width is a number'],
  ['/tile/0/005', 'no leading slash'],
  ['tile/0/005/', 'no trailing slash'],
  ['tile/0/005\n', 'no newline'],
  ['tile/0/٠٠٥', 'ASCII digits'],
  ['tile/entry/005', 'entries'],
  ['tile/0/x999/x999/x999/x999/x999/999', 'no index past 2^53 − 1'],
  ['', 'something'],
])('%j is refused: %s', ([path]) => expect(parseTilePath(path as string)).toEqual({ ok: false, reason: 'malformed' }));

const widths = (size: number): (readonly [number, number, number])[] => {
  const all: (readonly [number, number, number])[] = [];
  for (let level = 0; hashesAtLevel(level, size) > 0; level++) {
    const hashes = hashesAtLevel(level, size);
    all.push([level, Math.floor(hashes / 256), hashes % 256]);
  }
  return all;
};

test('worked examples: 70,000 and 256 (level, full tiles, width of the partial one)', () => {
  expect(widths(70_000)).toEqual([
    [0, 273, 112],
    [1, 1, 17],
    [2, 0, 1],
  ]);
  expect(rightEdge(70_000)).toEqual([
    { level: 0, index: 273, width: 112 },
    { level: 1, index: 1, width: 17 },
    { level: 2, index: 0, width: 1 },
  ]);
  expect(tileWidth(0, 272, 70_000)).toBe(256);
  expect(tileWidth('entries', 273, 70_000)).toBe(112);
  expect(tileWidth(0, 274, 70_000)).toBe(0);
  expect(widths(256)).toEqual([
    [0, 1, 0],
    [1, 0, 1],
  ]);
  expect(rightEdge(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
  expect(rightEdge(0)).toEqual([]);
});

test('a narrower partial tile is a prefix of every wider one, to the full tile and past it', async () => {
  const tiles = new MemoryTiles();
  const seen = new Map<string, string>();
  for (let i = 0; i < 600; i++) {
    tiles.append(leafHash(Uint8Array.of(i >> 8, i & 255)));
    const edge = rightEdge(tiles.size);
    const contents = await tiles.read(edge);
    for (const [at, { level, index, width }] of edge.entries()) {
      const hex = toHex(contents[at] as Uint8Array);
      expect(hex).toHaveLength(width * 64);
      expect(hex.startsWith(seen.get(`${level}/${index}`) ?? '')).toBe(true);
      seen.set(`${level}/${index}`, hex);
    }
  }
});
