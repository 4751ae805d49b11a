import type { Decision, DecisionOutcome, DecisionRequest } from '../../../schemas/decision.ts';
import type { Policy } from '../../../schemas/policy.ts';
import type { CheckId } from '../../../schemas/report.ts';
import { verifySignature } from '../../../protocol/ed25519/verify.ts';
import { Evidence } from '../../../protocol/evidence.ts';
import type { Checkpoint } from '../../../protocol/log/checkpoint.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import { ok, refuse, type Result } from '../../../protocol/result.ts';
import { openCertificate } from '../../../protocol/verify/certificate.ts';
import { verifyOpened } from '../../../protocol/verify/verify.ts';

/** A decision, with what proves it. */
export interface ProvenDecision {
  decision: Decision;
  evidence: Evidence;
  checkpoint: Checkpoint | null;
  /** What is to be said of the certificate besides: that it is old. */
  warnings: string[];
}

/** What each decision says itself; where anything else fails, the certificate proves nothing: it may have left something out. */
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
): Promise<Result<ProvenDecision, string>> {
  const policy: Policy = {
    policy: 'firsthand/v1',
    ...(at === undefined ? {} : { trust: { asOf: at } }),
    rights: { use: [use], ...question },
  };
  const { subject, checkpoint, ...opened } = await openCertificate(certificate, trust, verifySignature);
  const subjects = subject === null ? [] : [subject];
  const { report } = await verifyOpened({ ...opened, subjects }, { policy, now });
  if (subject !== null && subject !== record) return refuse(`the certificate is for ${subject}, not for ${record}`);
  const [decision] = report.rights?.uses ?? [];
  const said = decision === undefined ? [] : SAID[decision.decision];
  const fault = report.checks.find((check) => check.outcome === 'fail' && !said.includes(check.id));
  if (fault !== undefined || decision === undefined) {
    return refuse(`the certificate does not hold: ${fault?.id}: ${fault?.detail}`);
  }
  return ok({
    decision,
    evidence: new Evidence(opened.operator, opened.statements),
    checkpoint,
    warnings: report.checks.flatMap(({ id, outcome, detail }) =>
      id === 'freshness' && outcome === 'warn' ? [detail] : [],
    ),
  });
}
