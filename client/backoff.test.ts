import { expect, test } from 'vitest';
import { backoff, LONGEST_WAIT, retryAfter } from './backoff.ts';

test('the wait doubles up to a bound, and jitter spreads it from nothing to all', () => {
  expect([1, 2, 3, 4].map((attempt) => backoff(attempt, 250, 1))).toEqual([250, 500, 1000, 2000]);
  expect(backoff(60, 250, 1)).toBe(LONGEST_WAIT);
  expect(backoff(3, 250, 0)).toBe(0);
});

test.each([
  [null, null],
  ['0', 0],
  ['7', 7000],
  ['Sat, 21 Nov 2026 08:00:05 GMT', 5000],
  ['Sat, 21 Nov 2026 07:00:00 GMT', 0],
  ['soon', null],
])('Retry-After %s', (header, wait) => {
  expect(retryAfter(header, Date.UTC(2026, 10, 21, 8))).toBe(wait);
});
