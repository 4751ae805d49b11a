import { sha256 as portable } from '@noble/hashes/sha2.js';
import { expect, test } from 'vitest';
import { sha256 } from '#sha256';

test('is the portable SHA-256, whatever the length and the view', () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 151) & 0xff);
  for (let length = 0; length < 290; length++) {
    const view = bytes.subarray(7, 7 + length);
    expect(sha256(view)).toEqual(portable(view));
  }
});
