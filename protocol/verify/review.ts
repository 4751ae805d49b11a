import type { Policy } from '../../schemas/policy.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { Evidence, Present } from '../evidence.ts';
import { distinctHumans } from '../humans.ts';
import { lineageOf, type Lineage } from '../lineage.ts';
import { signingCredentials, standingAt } from '../standing.ts';
import type { Findings } from './findings.ts';

/**
 * Counts the accepting reviews of each subject: a mix is no better reviewed than the least reviewed record that it is made
 * of. An independent one is by somebody whom an issuer tells apart from every author of that record: what a certificate
 * leaves out can only make fewer of them.
 */
export function checkReviews(
  evidence: Evidence,
  lineage: Lineage,
  policy: Policy,
  asOf: number,
  findings: Findings,
): void {
  for (const subject of lineage.subjects) {
    const own = lineage.subjects.length === 1 ? lineage : lineageOf(evidence, subject);
    checkReviewsOf(subject, evidence, own, policy, asOf, findings);
  }
}

function checkReviewsOf(
  subject: StatementId,
  evidence: Evidence,
  lineage: Lineage,
  policy: Policy,
  asOf: number,
  findings: Findings,
): void {
  if (policy.review === undefined) return;
  const accepted = evidence
    .reviewsOf(subject)
    .filter(
      (review) =>
        review.document.credentialSubject.verdict === 'accept' && standingAt(evidence, review, asOf).state === 'active',
    );
  const isIndependent = independenceFrom(evidence, lineage, policy, asOf);
  const independent = accepted.filter(isIndependent);
  const counted = policy.review.independent === true ? independent : accepted;
  // One person may hold several keys and issuers; only issuers that the policy trusts tell people apart.
  const reviewers = distinctHumans(
    counted.flatMap((review) =>
      signingCredentials(evidence, review, asOf).filter(({ document }) => isTrusted(policy, document.issuer)),
    ),
  ).min;
  const detail = `accepting reviewers: ${reviewers}`;
  if (reviewers >= policy.review.min) findings.add('review.count', 'pass', detail, subject);
  else findings.fail('review.count', `${detail}, ${policy.review.min} are required`, subject);
  if (policy.review.independent === true) {
    const dependent = accepted.length - independent.length;
    findings.add(
      'review.independence',
      reviewers >= policy.review.min ? 'pass' : 'fail',
      `accepting reviews by people certified to be none of the authors: ${independent.length}; by others: ${dependent}`,
      subject,
    );
  }
}

const isTrusted = (policy: Policy, issuer: Did): boolean => policy.trust?.issuers?.includes(issuer) ?? true;

/**
 * Judges whether a review is by none of the lineage's signers: it shares no key and no (issuer, nullifier) with any, and
 * has a trusted issuer in common with each. A publisher who only composed, without a credential, is known by key alone.
 */
function independenceFrom(
  evidence: Evidence,
  lineage: Lineage,
  policy: Policy,
  asOf: number,
): (review: Present) => boolean {
  const authors = new Set<string>();
  // Authors whom the same issuers know are alike here: each such set of issuers once.
  const knownBy = new Map<string, Did[]>();
  for (const record of lineage.records) {
    const credentials = signingCredentials(evidence, record, asOf);
    for (const who of personsOf(record, credentials)) authors.add(who);
    if (credentials.length === 0 && record.document.credentialSubject.content === undefined) continue;
    const issuers = [...new Set(credentials.map(({ document }) => document.issuer))];
    knownBy.set(issuers.toSorted().join(' '), issuers);
  }
  return (review) => {
    const credentials = signingCredentials(evidence, review, asOf);
    if (personsOf(review, credentials).some((who) => authors.has(who))) return false;
    const own = new Set(credentials.map(({ document }) => document.issuer).filter((did) => isTrusted(policy, did)));
    return [...knownBy.values()].every((issuers) => issuers.some((issuer) => own.has(issuer)));
  };
}

/** Everything by which the signer of a statement is known: the key, and each (issuer, nullifier). */
const personsOf = (logged: Present, credentials: readonly Present<'HumanCredential'>[]): string[] => [
  logged.document.issuer,
  ...credentials.map(({ document }) => `${document.issuer} ${document.credentialSubject.nullifier}`),
];
