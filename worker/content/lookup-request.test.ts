import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LookupRequest } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import type { Json } from '../../protocol/json.ts';
import { digestOf } from '../../protocol/digest.ts';
import { isLookupRequest } from './lookup-request.ts';

const digest = digestOf('a row');
const hex = fc.constantFrom('0', '9', 'a', 'f', 'A', 'F', 'g', ':', '/', '`', '@', '\n', '\u0130', '\u0661');
/** A digest with one character in place of another. */
const almost = fc
  .tuple(fc.nat({ max: digest.length }), hex)
  .map(([at, put]) => digest.slice(0, at) + put + digest.slice(at + 1));
const each = fc.oneof(fc.constant<Json>(digest), almost, fc.constantFrom<Json>(null, 1, '', [digest], `${digest}0`));
const request = fc.oneof(
  fc.record({ digests: fc.array(each, { maxLength: 3 }) }),
  fc.record({ digests: fc.constant([digest]), more: fc.constantFrom(null, 1) }),
  fc.constantFrom<Json>(null, 1, 'digests', [], [digest], {}, { digests: null }, { digests: {} }, { digest: [digest] }),
);

test('a look-up is one exactly where its schema says so', () => {
  const seen = { true: 0, false: 0 };
  fc.assert(
    fc.property(request, (value) => {
      const isOne = isLookupRequest(value);
      seen[`${isOne}`]++;
      expect(isOne).toBe(LookupRequest.safeParse(value).success);
    }),
    { numRuns: 1_000 },
  );
  expect(Math.min(seen.true, seen.false)).toBeGreaterThan(50);
  for (const count of [0, 1, limits.lookupDigests, limits.lookupDigests + 1]) {
    const value = { digests: Array.from({ length: count }, () => digest) };
    expect(isLookupRequest(value)).toBe(LookupRequest.safeParse(value).success);
  }
});
