import { sha256 as portable } from '@noble/hashes/sha2.js';
import { expect, test } from 'vitest';
import { foldPairs, sha256, sha256Hex } from '#sha256';
import { concatBytes, toHex, utf8 } from '../bytes.ts';

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
