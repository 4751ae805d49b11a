import { expect, test } from 'vitest';
import { Decision } from '../../schemas/decision.ts';
import { decide } from '../../protocol/rights/decide.ts';
import { CASES, JUNE, worldOf } from './case-world.ts';

test.each(CASES)('$why', async (of) => {
  const { evidence, request } = await worldOf(of);
  const answer = decide(evidence, request, request.at === undefined ? JUNE : Date.parse(request.at));
  expect(Decision.parse(answer)).toEqual(answer);
  const reasons = answer.because.map(({ reason }) => reason).join('\n');
  expect(answer.decision, reasons).toBe(of.decision);
  expect(answer.duties, reasons).toEqual(of.duties ?? []);
  if (of.says !== undefined) expect(reasons).toContain(of.says);
  if (of.limitedBy !== undefined) expect(answer.limitedBy?.name).toBe(of.limitedBy);
  if (of.unverified !== undefined) expect(answer.limitedBy).toMatchObject({ url: of.unverified, verified: false });
  expect(answer.limitedBy === null).toBe(answer.decision === 'allow');
});
