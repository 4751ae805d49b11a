import type { Decision, DecisionOutcome, DecisionRequest } from '../../../schemas/decision.ts';
import type { Policy } from '../../../schemas/policy.ts';
import type { StatementId } from '../../../schemas/primitives.ts';
import type { CheckId, Report } from '../../../schemas/report.ts';
import { verifySignature } from '../../../protocol/ed25519/verify.ts';
import type { Evidence } from '../../../protocol/evidence.ts';
import type { Checkpoint } from '../../../protocol/log/checkpoint.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import { ok, refuse, type Result } from '../../../protocol/result.ts';
import { openCertificate } from '../../../protocol/verify/certificate.ts';
import { verifyOpened } from '../../../protocol/verify/verify.ts';

/** What a certificate proves of a record. */
export interface Proven {
  evidence: Evidence;
  checkpoint: Checkpoint | null;
  report: Report;
  /** What is to be said of the certificate besides: that it is old. */
  warnings: string[];
}

/**
 * Judges a certificate from wherever by a policy; says why it proves nothing of the record. Where it fails a check other
 * than those that the answer says itself, it may have left something out.
 */
export async function proveRecord(
  certificate: string,
  record: StatementId,
  { policy, trust, now }: { policy: Policy; trust: TrustPolicy; now: number },
  saidBy: (report: Report) => readonly CheckId[],
): Promise<Result<Proven, string>> {
  const { subject, checkpoint, ...opened } = await openCertificate(certificate, trust, verifySignature);
  const { report } = await verifyOpened({ ...opened, subjects: subject === null ? [] : [subject] }, { policy, now });
  if (subject !== null && subject !== record) return refuse(`the certificate is for ${subject}, not for ${record}`);
  const said = saidBy(report);
  const fault = report.checks.find((check) => check.outcome === 'fail' && !said.includes(check.id));
  if (fault !== undefined) return refuse(`the certificate does not hold: ${fault.id}: ${fault.detail}`);
  const warnings = report.checks.flatMap(({ id, outcome, detail }) =>
    id === 'freshness' && outcome === 'warn' ? [detail] : [],
  );
  return ok({ evidence: opened.evidence, checkpoint, report, warnings });
}

/** What each decision says itself. */
const SAID: Record<DecisionOutcome, readonly CheckId[]> = {
  deny: ['rights.decision', 'standing', 'lineage.complete'],
  unknown: ['rights.decision', 'lineage.complete'],
  conditional: [],
  allow: [],
};

/** Decides by a certificate from wherever, once it holds; says why it does not. */
export async function proveDecision(
  certificate: string,
  { record, use, at, ...question }: DecisionRequest,
  trust: TrustPolicy,
  now: number,
): Promise<Result<Proven & { decision: Decision }, string>> {
  const policy: Policy = {
    policy: 'firsthand/v1',
    ...(at === undefined ? {} : { trust: { asOf: at } }),
    rights: { use: [use], ...question },
  };
  const decisionIn = ({ rights }: Report) => rights?.uses[0];
  const proven = await proveRecord(certificate, record, { policy, trust, now }, (report) => {
    const decision = decisionIn(report);
    return decision === undefined ? [] : SAID[decision.decision];
  });
  if (!proven.ok) return proven;
  const decision = decisionIn(proven.value.report);
  return decision === undefined ? refuse('the certificate decides nothing') : ok({ ...proven.value, decision });
}
