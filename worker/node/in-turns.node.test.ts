import { expect, test } from 'vitest';
import type { StatementId } from '../../schemas/primitives.ts';
import { inTurns } from './in-turns.ts';

const [A, B, C] = ['a', 'b', 'c'] as [StatementId, StatementId, StatementId];

test('what is asked in one turn is one question, and what is asked later another', async () => {
  const asked: (readonly StatementId[])[] = [];
  const logged = inTurns(async (ids) => {
    asked.push(ids);
    return new Set(ids.filter((id) => id !== B));
  });
  const [one, other] = await Promise.all([logged([A, B]), logged([C])]);
  expect([one.has(A), one.has(B), other.has(C)]).toEqual([true, false, true]);
  await logged([B]);
  expect(asked).toEqual([[A, B, C], [B]]);
});

test('a question that fails, fails for all who asked it, and for nobody else', async () => {
  let isBroken = true;
  const logged = inTurns(async (ids) => {
    if (isBroken) throw new Error('the database is closed');
    return new Set(ids);
  });
  const answers = await Promise.allSettled([logged([A]), logged([B])]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isBroken = false;
  expect(await logged([C])).toEqual(new Set([C]));
});
