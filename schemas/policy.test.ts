import { expect, test } from 'vitest';
import { durationMs } from '../protocol/time.ts';
import { signerOf } from '../test/support/statements.ts';
import { Policy } from './policy.ts';

const { did } = await signerOf('issuer');
const accepts = (demands: object): boolean => Policy.safeParse({ policy: 'firsthand/v1', ...demands }).success;

test('a policy that demands everything', () => {
  const demands = {
    trust: { issuers: [did], operator: did, statusMaxAge: '24h', asOf: '2026-11-21T00:00:00Z' },
    human: {
      required: true,
      minLevel: { 'nist-800-63-4': 'IAL2', eidas: 'low' },
      maxCredentialAge: '730d',
      minDistinct: 10,
      expertise: ['radiology'],
    },
    assistance: { max: 'editing' },
    content: { minCoverage: 1 },
    review: { min: 1, independent: true },
    rights: {
      use: ['train.finetune'],
      purpose: 'commercial',
      territory: ['US', 'DE'],
      modelRelease: 'closed-weights',
      unknown: 'deny',
    },
  };
  expect(accepts(demands)).toBe(true);
  expect(accepts({})).toBe(true);
});

test.for<[object, string]>([
  [{ policy: 'firsthand/v2' }, 'another version'],
  [{ humans: {} }, 'a misspelt section is not silently ignored'],
  [{ human: { minLevels: {} } }, 'nor a misspelt demand'],
  [{ human: { minLevel: { eidas: 'IAL2' } } }, 'the level of another framework'],
  [{ human: { minLevel: { iso: 'high' } } }, 'an unknown framework'],
  [{ human: { minDistinct: 1.5 } }, 'half a human'],
  [{ human: { expertise: [] } }, 'an empty demand'],
  [{ trust: { issuers: [] } }, 'trust in nobody'],
  [{ trust: { issuers: [did, did] } }, 'one issuer twice'],
  [{ trust: { statusMaxAge: '1 day' } }, 'a duration in words'],
  [{ trust: { statusMaxAge: '0h' } }, 'no time at all'],
  [{ trust: { statusMaxAge: '24' } }, 'a duration without unit'],
  [{ trust: { asOf: '2026-02-30T00:00:00Z' } }, 'a day that does not exist'],
  [{ content: { minCoverage: 100 } }, 'per cent for a share'],
  [{ content: {} }, 'a section without its demand'],
  [{ review: { min: -1 } }, 'fewer than no reviews'],
  [{ rights: { use: [] } }, 'no use'],
])('%j is refused: %s', ([demands]) => expect(accepts(demands)).toBe(false));

test('durations', () => {
  expect(['90s', '15m', '24h', '730d'].map(durationMs)).toEqual([90_000, 900_000, 86_400_000, 63_072_000_000]);
});
