import { sha256 as portable } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldPairs, sha256, sha256Cuts, sha256Hex } from '#sha256';
import { concatBytes, toHex, utf8 } from '../bytes.ts';
import { cutOf, type Cut } from './cut.ts';

test('is the portable SHA-256, whatever the length and the view', () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 151) & 0xff);
  for (let length = 0; length < 290; length++) {
    const view = bytes.subarray(7, 7 + length);
    expect(sha256(view)).toEqual(portable(view));
    expect(sha256Hex(view)).toBe(toHex(portable(view)));
  }
});

test.for(['', 'text', '\0leaf', 'Größe, 漢字, 😀', 'a lone \ud800 surrogate', '\ufeffmark'])(
  'of the text %j',
  (text) => {
    expect(sha256(text)).toEqual(portable(utf8(text)));
    expect(sha256Hex(text)).toBe(toHex(portable(utf8(text))));
  },
);

/** A cut of a text of this length, by four numbers of any size. */
function cutWithin(length: number, numbers: readonly number[]): Cut {
  const [from = 0, skipFrom = 0, skipTo = 0, to = 0] = numbers.map((n) => n % (length + 1)).sort((a, b) => a - b);
  return { from, skipFrom, skipTo, to };
}

const expectCuts = (text: string, cuts: readonly Cut[]): void => {
  const out = new Uint8Array(32 * cuts.length);
  expect(sha256Cuts(text, cuts, out)).toBe(toHex(portable(utf8(text))));
  expect(out).toEqual(concatBytes(...cuts.map((cut) => portable(utf8(cutOf(text, cut))))));
};

test('of a text and its cuts, whatever it is written in', () => {
  const unit = fc.oneof(
    fc.nat({ max: 0x7f }).map((code) => String.fromCharCode(code)),
    // Those whose bytes are ASCII, one by one or in another order, and halves of characters.
    fc.constantFrom('\u0080', '\u00ff', '\u0141', '\u4100', '\u7f00', '\u6161', '\ud800', '\udc00', '漢', '😀'),
  );
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 100 });
  // A piece of a text of two bytes a character is of two bytes a character itself.
  const wide = ascii.map((text) => `漢${text}`.slice(1));
  const text = fc.oneof(
    ascii,
    wide,
    fc.array(unit, { maxLength: 100 }).map((units) => units.join('')),
  );
  const cut = fc.array(fc.nat(), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(text, fc.array(cut, { maxLength: 3 }), (text, cuts) =>
      expectCuts(
        text,
        cuts.map((numbers) => cutWithin(text.length, numbers)),
      ),
    ),
  );
});

test('of texts as long as there is room for, and longer, in which one character is more than a byte', () => {
  for (const length of [65_535, 65_536, 65_537]) {
    const cuts = [{ from: 1, skipFrom: 10, skipTo: length - 10, to: length }];
    for (const last of ['a', '\u0141', '\ud800']) expectCuts('a'.repeat(length - 1) + last, cuts);
  }
});

test('folds pairs of digests to nodes', () => {
  const digests = Uint8Array.from({ length: 64 * 9 }, (_, i) => (i * 151) ^ (i >>> 8));
  const nodes = Array.from({ length: 9 }, (_, i) =>
    portable(concatBytes(Uint8Array.of(1), digests.subarray(64 * i, 64 * i + 64))),
  );
  for (let pairs = 0; pairs <= 9; pairs++) {
    const folded = digests.slice();
    foldPairs(folded, pairs);
    expect(folded.subarray(0, 32 * pairs)).toEqual(concatBytes(...nodes.slice(0, pairs)));
  }
});
