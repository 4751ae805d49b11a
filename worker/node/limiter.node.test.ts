import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createLimiter } from './limiter.ts';

test('a bucket refills steadily, and a clock that goes back takes nothing away', async () => {
  let now = 0;
  const limit = createLimiter(2, () => now);
  expect([await limit('a', 1), await limit('a', 1), await limit('a', 1), await limit('b', 2)]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  now = 30_000;
  expect([await limit('a', 1), await limit('a', 1)]).toEqual([true, false]);
  now = 0;
  expect(await limit('a', 1)).toBe(false);
});

test('whoever brings ever new keys is not remembered without end, and pushes out the oldest first', async () => {
  const limit = createLimiter(1, () => 0, 3);
  for (const key of ['a', 'b', 'c']) expect(await limit(key, 1)).toBe(true);
  expect(await limit('a', 1)).toBe(false);
  expect(await limit('d', 1)).toBe(true);
  // "b" was not used for longest.
  expect([await limit('a', 1), await limit('c', 1), await limit('d', 1), await limit('b', 1)]).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

test('who is pushed out is who was not used for longest, however many came and went', async () => {
  let now = 0;
  const limit = createLimiter(1, () => now, 3);
  let known: string[] = [];
  for (let i = 0; i < 500; i++) {
    const key = `key ${(i * i * 7 + i) % 11}`;
    expect(await limit(key, 1)).toBe(!known.includes(key));
    known = [...known.filter((other) => other !== key), key].slice(-3);
    if (i % 50 === 49) {
      // All are full again, and forgotten.
      now += 120_000;
      known = [];
    }
  }
});

test('a key that submits for ever takes no more memory than one that submits once', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const limit = createLimiter(1, () => 0);
  const held = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = held();
  for (let i = 0; i < 200_000; i++) await limit('a', 0);
  expect(held() - before).toBeLessThan(5_000_000);
  expect(await limit('a', 1)).toBe(true);
});
