import type { Policy } from '../../schemas/policy.ts';
import type { Evidence } from '../evidence.ts';
import { mayRevoke } from '../standing.ts';
import { statusListOf } from '../status-list.ts';
import { durationMs, logTimeOf } from '../time.ts';
import type { OpenedCertificate } from './certificate.ts';
import type { Findings } from './findings.ts';

/**
 * What the status lists add to the certificate's own revocations: that none was left out, and how recent the answer is.
 * A stale or missing list makes the answer indeterminate, which fails a policy that sets `statusMaxAge`.
 */
export function checkFreshness(
  opened: OpenedCertificate,
  evidence: Evidence,
  policy: Policy,
  asOf: number,
  findings: Findings,
): void {
  let oldest = Infinity;
  let until = Infinity;
  let uncovered = 0;
  for (const logged of opened.statements) {
    const covering = opened.statusLists.filter((list) => {
      const { log } = list.document.credentialSubject;
      return log.list === statusListOf(logged.index) && logged.index < log.size;
    });
    if (covering.length === 0) uncovered++;
    // Of several lists the latest tells how fresh the answer is; a bit in any of them counts.
    oldest = Math.min(oldest, Math.max(...covering.map((list) => Date.parse(list.document.validFrom))));
    until = Math.min(until, Math.max(...covering.map((list) => Date.parse(list.document.validUntil))));
    const isRevoked = covering.some((list) => list.isRevoked(logged.index));
    const isExplained = evidence
      .revocationsOf(logged.id)
      .some(({ document }) => logged.document === null || mayRevoke(evidence, logged, document.issuer));
    if (isRevoked && !isExplained) {
      findings.fail(
        'standing',
        `${logged.id} is revoked by its status list, but its revocation was left out`,
        logged.id,
      );
    }
  }
  const maxAge = policy.trust?.statusMaxAge;
  const outcome = (problem: string): void => {
    if (maxAge === undefined) findings.add('freshness', 'warn', problem);
    else findings.fail('freshness', `${problem}; the policy allows ${maxAge}`);
  };
  if (uncovered > 0)
    return outcome(`statements that no status list covers, so that their status is indeterminate: ${uncovered}`);
  const from = logTimeOf(oldest);
  if (maxAge !== undefined && asOf - oldest > durationMs(maxAge)) return outcome(`the status is as of ${from}`);
  if (asOf > until) return outcome(`the status is as of ${from} and past its validity, so it is indeterminate`);
  findings.passUnlessFailed('freshness', `the status is as of ${from}`);
}
