import { expect, test } from 'vitest';
import { createUnitLimiter } from './unit-limiter.ts';

const counting = (most = Infinity) => {
  const calls: string[] = [];
  const limiter = createUnitLimiter(async (key) => calls.push(key) <= most, 50);
  return { calls, limiter };
};

test('a request costs a call, and a batch one for each 50 statements', async () => {
  const { calls, limiter } = counting();
  for (let i = 1; i <= 3; i++) {
    expect(await limiter('a', 1, 1)).toBe(true);
    expect(calls).toHaveLength(i);
  }
  await limiter('b', 50, 50);
  expect(calls).toHaveLength(4);
  await limiter('c', 75, 75);
  expect(calls).toHaveLength(5);
  await limiter('c', 75, 75);
  expect(calls).toHaveLength(7);
});

test('those who signed a batch share what it costs', async () => {
  const { calls, limiter } = counting();
  for (let i = 0; i < 8; i++) {
    expect(await limiter('a', 2, 16)).toBe(true);
    expect(await limiter('b', 14, 16)).toBe(true);
  }
  expect(calls.toSorted()).toEqual(['a', ...Array.from({ length: 7 }, () => 'b')]);
  for (let i = 0; i < 49; i++) await limiter('a', 1, 1000);
  expect(calls).toHaveLength(8);
  await limiter('a', 1, 1000);
  expect(calls).toHaveLength(9);
});

test('what is owed is paid once, whoever asks at the same time', async () => {
  const { calls, limiter } = counting();
  expect(await Promise.all(Array.from({ length: 100 }, () => limiter('a', 1, 100)))).not.toContain(false);
  expect(calls).toHaveLength(2);
});

test('whoever is over the limit gets less than a call’s worth more, however it asks', async () => {
  const { calls, limiter } = counting(2);
  let allowed = 0;
  for (const cost of [30, 40, 50, 50, 49, 20, 5, 1, 1, 1, 1, 1, 1]) if (await limiter('a', cost, 100)) allowed += cost;
  expect(allowed).toBeGreaterThanOrEqual(100);
  expect(allowed).toBeLessThan(150);
  expect((await Promise.all(Array.from({ length: 20 }, () => limiter('a', 50, 100)))).includes(true)).toBe(false);
  expect(await limiter('a', 1, 1)).toBe(false);
  expect(calls.length).toBeGreaterThan(20);
});
