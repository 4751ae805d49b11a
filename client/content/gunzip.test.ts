import fc from 'fast-check';
import { gzipSync, strToU8 } from 'fflate';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../protocol/bytes.ts';
import { RowsError } from '../../protocol/rows/rows-error.ts';
import { inflateGzip } from './gunzip.ts';

/** Inflates pieces of so many bytes. */
async function inflate(gzip: Uint8Array, size = 1024 * 1024): Promise<Uint8Array> {
  const pieces = Array.from({ length: Math.ceil(gzip.length / size) }, (_, i) =>
    gzip.subarray(i * size, (i + 1) * size),
  );
  const inflated: Uint8Array[] = [];
  await inflateGzip(pieces, gzip.length, (piece) => inflated.push(piece.slice()));
  return concatBytes(...inflated);
}

const TEXT = strToU8('{"a":1}\n'.repeat(50_000));
const GZIP = gzipSync(TEXT);

test('members of any size, in pieces of any size, inflate to what was compressed', async () => {
  const members = fc.array(
    fc.record({
      data: fc.uint8Array({ maxLength: 500 }),
      repeat: fc.nat(300),
      filename: fc.constantFrom('', 'a.jsonl'),
    }),
    { minLength: 1, maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(members, fc.integer({ min: 1, max: 3000 }), async (members, size) => {
      const contents = members.map(({ data, repeat }) => concatBytes(...Array.from({ length: repeat }, () => data)));
      const gzip = concatBytes(...contents.map((each, i) => gzipSync(each, { filename: members[i]?.filename ?? '' })));
      expect(await inflate(gzip, size)).toEqual(concatBytes(...contents));
    }),
    { numRuns: 30 },
  );
});

describe('damage is refused', () => {
  const flipped = (at: number): Uint8Array => GZIP.map((byte, i) => (i === at ? byte ^ 1 : byte));
  test.for([
    ['nothing at all', new Uint8Array()],
    ['other bytes', strToU8('{"a":1}\n')],
    ['a member cut short', GZIP.subarray(0, -9)],
    ['a trailer cut short', GZIP.subarray(0, -1)],
    ['a wrong checksum', flipped(GZIP.length - 8)],
    ['a wrong length', flipped(GZIP.length - 1)],
    ['a wrong checksum before another member', concatBytes(flipped(GZIP.length - 8), GZIP)],
    ['zeros behind', concatBytes(GZIP, new Uint8Array(9))],
    ['two zeros behind', concatBytes(GZIP, new Uint8Array(2))],
    ['something behind', concatBytes(GZIP, strToU8('tail'))],
    [
      'a header that never ends',
      concatBytes(Uint8Array.of(31, 139, 8, 8, 0, 0, 0, 0, 0, 3), new Uint8Array(3e5).fill(65)),
    ],
  ] as const)('%s', async ([, gzip]) => {
    await expect(inflate(gzip)).rejects.toThrow(/as gzip, it is damaged/);
    await expect(inflate(gzip, 4099)).rejects.toThrow(RowsError);
  });

  test('no byte can change what it inflates to', async () => {
    const text = strToU8('{"a":1}\n{"b":2}\n');
    const gzip = gzipSync(text);
    for (let at = 10; at < gzip.length; at++) {
      const damaged = gzip.map((byte, i) => (i === at ? byte ^ 0x10 : byte));
      const inflated = await inflate(damaged).catch((error: unknown) => error);
      // The last bits before the trailer say nothing.
      if (!(inflated instanceof RowsError)) expect(inflated, `byte ${at}`).toEqual(text);
    }
  });

  test('what inflates to more than it may', async () => {
    const megabyte = gzipSync(new Uint8Array(1e6));
    const bomb = concatBytes(...Array.from({ length: 70 }, () => megabyte));
    await expect(inflate(bomb)).rejects.toThrow(/inflates to more than 200 times its size/);
  });
});

test('an error of whoever takes what was inflated is its own', async () => {
  const mine = new Error('mine');
  await expect(
    inflateGzip([GZIP], GZIP.length, () => {
      throw mine;
    }),
  ).rejects.toBe(mine);
});
