import type { TouchedHow, TouchedWhen } from '../../../schemas/impact.ts';
import type { StatementId } from '../../../schemas/primitives.ts';
import type { StatementKind } from '../../../schemas/statement.ts';
import { verifySignature } from '../../../protocol/ed25519/verify.ts';
import { impactOf, noteOn, worstOf } from '../../../protocol/impact.ts';
import { openCertificate } from '../../../protocol/verify/certificate.ts';
import { readClaims } from '../certificate-source.ts';
import type { TrustFor } from '../verifying/trust-by-origin.ts';
import type { SavedCertificate } from '../watch/find-certificates.ts';

/** A saved certificate that carries something that a withdrawal would touch. */
export interface TouchedCertificate {
  file: string;
  record: StatementId | null;
  /** Of its record; where that is not touched, of the worst touched of all that it carries besides. */
  when: TouchedWhen | null;
  how: TouchedHow | null;
  /** How many of the statements that it carries would be touched. */
  touched: number;
  /** Why it cannot be told: the certificate does not hold. */
  fault: string | null;
}

/** What saved certificates say of a withdrawal, by themselves. */
export interface SavedImpact {
  /** What the statement is, where any of them carries it. */
  target: { kind: StatementKind; note: string } | null;
  certificates: TouchedCertificate[];
}

/** Which saved certificates a withdrawal would touch: each is opened, and judged by what it carries and proves. */
export async function touchedCertificates(
  id: StatementId,
  saved: readonly SavedCertificate[],
  trustFor: TrustFor,
  now: number,
): Promise<SavedImpact> {
  const impact: SavedImpact = { target: null, certificates: [] };
  for (const { file, text } of saved) {
    const untold = { file, record: readClaims(text)?.subject ?? null, when: null, how: null, touched: 0 };
    const trust = trustFor(text);
    if (!trust.ok) {
      impact.certificates.push({ ...untold, fault: trust.reason });
      continue;
    }
    const opened = await openCertificate(text, trust.value, verifySignature);
    const fault = opened.findings.list().find(({ outcome }) => outcome === 'fail');
    if (fault !== undefined) {
      impact.certificates.push({ ...untold, fault: `the certificate does not hold: ${fault.id}: ${fault.detail}` });
      continue;
    }
    const { evidence } = opened;
    const target = evidence.get(id);
    if (target === undefined) continue;
    const { note, isFinal } = noteOn({ ...target, isErased: target.document === null });
    impact.target ??= { kind: target.kind, note };
    if (isFinal) continue;
    const on = impactOf(evidence, target, now);
    const touches = opened.statements.flatMap((item) => on(item) ?? []);
    const subject = opened.subject === null ? undefined : evidence.get(opened.subject);
    const touch = (subject === undefined ? null : on(subject)) ?? worstOf(touches);
    if (touch === null) continue;
    const touched = touches.filter(({ when }) => when !== 'never').length;
    impact.certificates.push({ ...untold, when: touch.when, how: touch.how, touched, fault: null });
  }
  return impact;
}
