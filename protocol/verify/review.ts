import type { Policy } from '../../schemas/policy.ts';
import type { Evidence, Present } from '../evidence.ts';
import { distinctHumans } from '../humans.ts';
import type { Lineage } from '../lineage.ts';
import { signingCredentials, standingAt } from '../standing.ts';
import type { Findings } from './findings.ts';

/** Counts the accepting reviews of the subject; independent ones are by nobody who authored any of it. */
export function checkReviews(
  evidence: Evidence,
  lineage: Lineage,
  policy: Policy,
  asOf: number,
  findings: Findings,
): void {
  const [subject] = lineage.records;
  if (policy.review === undefined || subject === undefined) return;
  const accepted = evidence
    .reviewsOf(subject.id)
    .filter(
      (review) =>
        review.document.credentialSubject.verdict === 'accept' && standingAt(evidence, review, asOf).state === 'active',
    );
  const authors = new Set(lineage.records.flatMap((record) => personsOf(evidence, record, asOf)));
  const independent = accepted.filter((review) => !personsOf(evidence, review, asOf).some((who) => authors.has(who)));
  const counted = policy.review.independent === true ? independent : accepted;
  // One person may hold several keys; only issuers that the policy trusts say who is one.
  const reviewers = distinctHumans(
    counted.flatMap((review) =>
      signingCredentials(evidence, review, asOf).filter(
        ({ document }) => policy.trust?.issuers?.includes(document.issuer) ?? true,
      ),
    ),
  ).max;
  const detail = `accepting reviewers: ${reviewers}`;
  if (reviewers >= policy.review.min) findings.add('review.count', 'pass', detail);
  else findings.fail('review.count', `${detail}, ${policy.review.min} are required`);
  if (policy.review.independent === true) {
    const dependent = accepted.length - independent.length;
    findings.add(
      'review.independence',
      reviewers >= policy.review.min ? 'pass' : 'fail',
      `accepting reviews by people who authored none of it: ${independent.length}; by authors: ${dependent}`,
    );
  }
}

/** Everything by which the signer of a statement is known: the key, and each (issuer, nullifier). */
const personsOf = (evidence: Evidence, logged: Present, asOf: number): string[] => [
  logged.document.issuer,
  ...signingCredentials(evidence, logged, asOf).map(
    ({ document }) => `${document.issuer} ${document.credentialSubject.nullifier}`,
  ),
];
