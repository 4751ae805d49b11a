import type { Certificate } from '../../schemas/certificate.ts';
import type { Policy } from '../../schemas/policy.ts';
import type { CheckId, Report } from '../../schemas/report.ts';
import { canonicalJson } from '../../protocol/json.ts';
import type { TrustPolicy } from '../../protocol/log/trust.ts';
import { DEFAULT_POLICY, verifyCertificate } from '../../protocol/verify/verify.ts';
import type { LocalContent } from '../../protocol/verify/content.ts';
import type { MemoryLog } from './log.ts';

export interface Judging {
  log: MemoryLog;
  /** Added to the default policy. */
  policy?: Omit<Policy, 'policy'>;
  trust?: TrustPolicy;
  /** When the buyer looks: as the log ends unless given. */
  now?: number;
  content?: LocalContent;
}

/** Judges a certificate, or whatever text is given in its place. */
export const judge = (
  certificate: Certificate | string,
  { log, policy, trust, now, content }: Judging,
): Promise<Report> =>
  verifyCertificate({
    certificate: typeof certificate === 'string' ? certificate : canonicalJson(certificate),
    trust: trust ?? log.trust(),
    policy: { ...DEFAULT_POLICY, ...policy },
    now: now ?? log.now,
    content,
  });

/** A deep copy of a certificate, changed. */
export function altered(certificate: Certificate, change: (copy: Certificate) => void): Certificate {
  const copy = structuredClone(certificate);
  change(copy);
  return copy;
}

/** The checks that failed, each once, in order of their names. A verdict that does not follow from them is a bug. */
export function failuresOf(report: Report): CheckId[] {
  const failed = new Set(report.checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id));
  if ((report.verdict === 'fail') !== failed.size > 0)
    throw new Error(`${report.verdict} with ${failed.size} failures`);
  return [...failed].sort();
}

/** The details that one check gives. */
export const detailsOf = (report: Report, id: CheckId): string =>
  report.checks
    .filter((check) => check.id === id)
    .map(({ outcome, detail }) => `${outcome}: ${detail}`)
    .join('\n');
