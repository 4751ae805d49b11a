import { expect, test } from 'vitest';
import { inBursts } from './bursts.ts';

const EMPTY = new Uint8Array();

test('signatures are handed on in bursts, the last as soon as the caller lets go, and each has its own verdict', async () => {
  const started: number[] = [];
  const verify = inBursts(async (signature) => {
    started.push(signature.length);
    return signature.length % 2 === 0;
  });
  const verdicts = Promise.all(
    Array.from({ length: 40 }, (_, i) => {
      const verdict = verify(new Uint8Array(i), EMPTY, EMPTY);
      expect(started.length).toBe(Math.floor((i + 1) / 16) * 16);
      return verdict;
    }),
  );
  await Promise.resolve();
  expect(started).toEqual(Array.from({ length: 40 }, (_, i) => i));
  expect(await verdicts).toEqual(Array.from({ length: 40 }, (_, i) => i % 2 === 0));
  expect(await verify(EMPTY, EMPTY, EMPTY)).toBe(true);
  expect(started.length).toBe(41);
});
