import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  COUNT,
  DIGEST_WORDS,
  ENTRY_WORDS,
  GROUP,
  NOBODY,
  NOWHERE,
  OWNER,
  PLACES,
  startPlacing,
  type Placing,
} from './place-digests.ts';

/** A digest by its number: some share the word that they are told apart by, some all that their slots go by. */
const digestOf = (n: number): number[] =>
  [n & 1, n >> 3, (n >> 2) & 1, 7, 0, 0, n, -n].map((word) => word * 0x61c88647);

/** What is told of these digests by number, entry for entry. */
function place({ memory, place: placeAll }: Placing, digests: readonly number[], size: number, most: number) {
  memory.set(digests.flatMap(digestOf));
  const now = placeAll(digests.length, size, most);
  return { size: now, places: [...memory.subarray(PLACES, PLACES + digests.length)] };
}

const groups = fc.array(
  fc.record({
    digests: fc.array(fc.nat(60), { minLength: 1, maxLength: 80 }),
    most: fc.constantFrom(0, 3, 20, 50),
  }),
  { maxLength: 8 },
);

test('places digests as a plain map would, and alike in WebAssembly and without', () => {
  fc.assert(
    fc.property(groups, fc.integer(), (calls, seed) => {
      const placings = [startPlacing(50, seed, true), startPlacing(50, seed, false)] as const;
      const entries = new Map<number, number>();
      for (const { digests, most } of calls) {
        const before = entries.size;
        const places = digests.map((digest) => {
          const known = entries.get(digest);
          if (known !== undefined) return known;
          if (entries.size >= most) return NOWHERE;
          entries.set(digest, placings[0].entries + ENTRY_WORDS * entries.size);
          return entries.get(digest);
        });
        for (const placing of placings)
          expect(place(placing, digests, before, most)).toEqual({ size: entries.size, places });
      }
      for (const { memory } of placings) {
        for (const [digest, entry] of entries) {
          expect(memory.subarray(entry, entry + DIGEST_WORDS)).toEqual(Int32Array.from(digestOf(digest)));
          expect([memory[entry + COUNT], memory[entry + OWNER]]).toEqual([0, NOBODY]);
        }
      }
    }),
  );
});

test('a whole group in a full table, whose slots are gone round', () => {
  for (const wantsWasm of [true, false]) {
    const placing = startPlacing(GROUP, 3, wantsWasm);
    const digests = Array.from({ length: GROUP }, (_, i) => i);
    const first = place(placing, digests, 0, GROUP);
    expect(first.size).toBe(GROUP);
    expect(new Set(first.places).size).toBe(GROUP);
    expect(place(placing, digests, GROUP, GROUP)).toEqual(first);
    expect(place(placing, [GROUP], GROUP, GROUP)).toEqual({ size: GROUP, places: [NOWHERE] });
  }
});

test('goes without WebAssembly where there is none, or too little memory for it', () => {
  vi.stubGlobal('WebAssembly', undefined);
  expect(place(startPlacing(9, 0, true), [1, 2, 1], 0, 9).size).toBe(2);
  vi.unstubAllGlobals();
  const full = vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(() => {
    throw new RangeError('no memory');
  });
  expect(place(startPlacing(9, 0, true), [1, 2, 1], 0, 9).size).toBe(2);
  full.mockRestore();
});
