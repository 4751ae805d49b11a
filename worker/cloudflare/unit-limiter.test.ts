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
  await limiter('c', 101, 101);
  expect(calls).toHaveLength(7);
});

test('those who signed a batch share what it costs, and what is left of a call is used before the next', async () => {
  const { calls, limiter } = counting();
  for (let i = 0; i < 10; i++) {
    expect(await limiter('a', 1, 10)).toBe(true);
    expect(await limiter('b', 9, 10)).toBe(true);
  }
  expect(calls).toEqual(['a', ...Array.from({ length: 9 }, () => 'b')]);
  await limiter('a', 1, 1000);
  expect(calls.at(-1)).toBe('a');
  for (let i = 0; i < 49; i++) await limiter('a', 1, 1000);
  expect(calls).toHaveLength(11);
});

test('what is left pays once, whoever asks at the same time, and never for more than a call', async () => {
  const { calls, limiter } = counting();
  await limiter('a', 20, 100);
  expect(await Promise.all([limiter('a', 30, 100), limiter('a', 30, 100)])).toEqual([true, true]);
  expect(calls).toHaveLength(2);
  await Promise.all(Array.from({ length: 10 }, () => limiter('b', 1, 100)));
  expect(calls).toHaveLength(12);
  await limiter('b', 51, 100);
  expect(calls).toHaveLength(13);
});

test('who is refused keeps what was left, and gets nothing for a call that was refused', async () => {
  const { calls, limiter } = counting(1);
  expect(await limiter('a', 40, 100)).toBe(true);
  expect(await limiter('a', 20, 100)).toBe(false);
  expect(await limiter('a', 11, 100)).toBe(false);
  expect(calls).toHaveLength(3);
  expect(await limiter('a', 10, 100)).toBe(true);
  expect(await limiter('a', 1, 100)).toBe(false);
});
