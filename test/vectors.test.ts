import { expect, test } from 'vitest';
import { isValidPublicKey } from '../protocol/ed25519/rule.ts';
const files = import.meta.glob('../../shared/vectors/merkle/inclusion/*/*.json', { eager: true, import: 'default' });
test('x', () => {
  console.log(Object.keys(files).length, navigator.userAgent);
  expect(isValidPublicKey(new Uint8Array(32))).toBe(false);
});
