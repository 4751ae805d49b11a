import { sha256 as portable } from '@noble/hashes/sha2.js';
import { expect, test } from 'vitest';
import { foldPairs, sha256, sha256Hex } from '#sha256';
import { concatBytes, equalBytes, toHex, utf8 } from '../bytes.ts';

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

test('folds pairs to nodes, one by one and once they are many', () => {
  const most = 12_000;
  const digests = Uint8Array.from({ length: 64 * most }, (_, i) => (i * 151) ^ (i >>> 8));
  const nodes = new Uint8Array(32 * most);
  for (let pair = 0; pair < most; pair++) {
    nodes.set(portable(concatBytes(Uint8Array.of(1), digests.subarray(64 * pair, 64 * pair + 64))), 32 * pair);
  }
  for (const pairs of [0, 1, 7, most, most, most, 0, 1, 7, 1030]) {
    const folded = digests.slice();
    foldPairs(folded, pairs);
    expect(equalBytes(folded.subarray(0, 32 * pairs), nodes.subarray(0, 32 * pairs))).toBe(true);
  }
});
