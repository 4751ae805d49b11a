import { expect, test } from 'vitest';
import { inBursts } from './bursts.ts';

const EMPTY = new Uint8Array();
const EACH = Array.from({ length: 200 }, (_, i) => i);

test('signatures are handed on in ever larger bursts, the last as soon as the caller lets go, and each has its own verdict', async () => {
  const started: number[] = [];
  const verify = inBursts(async (signature) => {
    started.push(signature.length);
    return signature.length % 2 === 0;
  });
  const lengths = new Set<number>();
  const verdicts = Promise.all(
    EACH.map((i) => {
      const verdict = verify(new Uint8Array(i), EMPTY, EMPTY);
      lengths.add(started.length);
      return verdict;
    }),
  );
  expect([...lengths]).toEqual([0, 2, 6, 14, 30, 62, 126, 190]);
  await Promise.resolve();
  expect(started).toEqual(EACH);
  expect(await verdicts).toEqual(EACH.map((i) => i % 2 === 0));
  expect(await verify(EMPTY, EMPTY, EMPTY)).toBe(true);
  expect(started.length).toBe(EACH.length + 1);
});
