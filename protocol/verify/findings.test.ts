import { expect, test } from 'vitest';
import { Findings } from './findings.ts';

test.for(['fail', 'warn'] as const)('twenty of a check’s outcomes "%s" are listed, the rest counted', (outcome) => {
  const findings = new Findings();
  for (let i = 0; i < 25; i++) findings.add('standing', outcome, `number ${i}`);
  findings.add('freshness', outcome, 'another check');
  const details = findings.list().map(({ detail }) => detail);
  expect(details.slice(19)).toEqual(['number 19', 'another check', 'and 5 more of these']);
  expect(findings.list().every((check) => check.outcome === outcome)).toBe(true);
  expect(findings.hasFailed('standing')).toBe(outcome === 'fail');
});
