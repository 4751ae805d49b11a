import { reachesLevel } from '../../schemas/frameworks.ts';
import type { Policy } from '../../schemas/policy.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Report } from '../../schemas/report.ts';
import type { Evidence, Present } from '../evidence.ts';
import { distinctHumans } from '../humans.ts';
import type { Lineage } from '../lineage.ts';
import { signingCredentials } from '../standing.ts';
import { durationMs } from '../time.ts';
import type { Findings } from './findings.ts';

type Credential = Present<'HumanCredential'>;

/**
 * Checks who stands behind every record that has content of its own. Answers, for each of them, the credentials that meet
 * all that is asked.
 */
export function checkHumans(
  evidence: Evidence,
  lineage: Lineage,
  policy: Policy,
  asOf: number,
  findings: Findings,
): Map<StatementId, readonly Credential[]> {
  const demands = policy.human ?? {};
  // To name the issuers whose credentials count is to ask for one.
  const required = demands.required ?? (policy.human !== undefined || policy.trust?.issuers !== undefined);
  const demandsLevel = demands.minLevel !== undefined || demands.maxCredentialAge !== undefined;
  const trustedIssuers = policy.trust?.issuers === undefined ? null : new Set(policy.trust.issuers);
  const vouched = new Map<StatementId, readonly Credential[]>();
  const authored = lineage.records.filter((record) => record.document.credentialSubject.content !== undefined);
  for (const record of authored) {
    const held = signingCredentials(evidence, record, asOf);
    const trusted = held.filter(({ document }) => trustedIssuers?.has(document.issuer) ?? true);
    const name = JSON.stringify(record.document.credentialSubject.name);
    if (trusted.length === 0) {
      const detail = held.length === 0 ? 'no active human credential' : 'no credential by an issuer that you trust';
      if (required) findings.fail('human.credential', `the signer of ${name} held ${detail}`, record.id);
      else findings.add('human.credential', 'warn', `the signer of ${name} held ${detail}`, record.id);
    }
    // One credential must meet all that is asked (docs/decisions/0012): none lends its weight to another.
    const verified = trusted.filter((credential) => levelFault(credential, record, policy) === null);
    if (verified.length === 0 && demandsLevel) {
      const faults = trusted.map((credential) => levelFault(credential, record, policy) as string);
      findings.fail(
        'human.level',
        `${name}: its signer was ${summed(faults) || 'verified by nobody who counts'}`,
        record.id,
      );
    }
    const adequate = verified.filter((credential) => expertiseFault(credential, record, policy) === null);
    if (adequate.length === 0 && demands.expertise !== undefined) {
      const faults = trusted.map((credential) => {
        const expertise = expertiseFault(credential, record, policy);
        const level = levelFault(credential, record, policy);
        return expertise ?? `certified by a credential that does not count: ${level}`;
      });
      const why = summed(faults) || 'certified by nobody who counts';
      findings.fail('human.expertise', `${name}: its signer was ${why}`, record.id);
    }
    if (adequate.length > 0) vouched.set(record.id, adequate);
  }
  const issuers = new Set([...vouched.values()].flat().map(({ document }) => document.issuer));
  if (required && authored.length === 0) {
    findings.fail('human.credential', 'no record of the lineage has content that a human could have made');
  }
  findings.passUnlessFailed(
    'issuer.accredited',
    `identity issuers, accredited by the operator when they signed: ${issuers.size}`,
  );
  if (vouched.size > 0) {
    const detail = 'records with content whose signers are verified humans (who they are, not how they worked)';
    findings.passUnlessFailed('human.credential', `${detail}: ${vouched.size} of ${authored.length}`);
  }
  if (demandsLevel) {
    findings.passUnlessFailed(
      'human.level',
      'every signer was verified at the level, and as recently, as the policy demands',
    );
  }
  if (demands.expertise !== undefined) {
    findings.passUnlessFailed('human.expertise', `every signer is certified in ${demands.expertise.join(', ')}`);
  }
  return vouched;
}

/** Counts the people behind records, by the credentials that {@link checkHumans} found in order. */
export function countHumans(
  vouched: ReadonlyMap<StatementId, readonly Credential[]>,
  records: readonly Present<'DatasetRecord'>[],
): Interval {
  return distinctHumans([...new Set(records.flatMap(({ id }) => vouched.get(id) ?? []))]);
}

type Interval = NonNullable<Report['humans']>;

/** Whether there are as many different people as the policy asks for. */
export function checkDistinct(humans: Interval, where: string, policy: Policy, findings: Findings): void {
  const needed = policy.human?.minDistinct;
  if (needed === undefined) return;
  const detail = `distinct humans${where}: ${humans.min === humans.max ? humans.min : `${humans.min} to ${humans.max}`}`;
  if (humans.min >= needed) findings.add('human.distinct', 'pass', detail);
  else findings.fail('human.distinct', `${detail}, and at least ${needed} must be certain`);
}

/** Why a credential does not reach the policy's level or age at the time of signing; null if it does. */
function levelFault(credential: Credential, record: Present, policy: Policy): string | null {
  const { framework, level, verifiedAt } = credential.document.credentialSubject.verification;
  const { minLevel, maxCredentialAge } = policy.human ?? {};
  if (minLevel !== undefined) {
    const floor = minLevel[framework];
    if (floor === undefined) return `verified under ${framework}, which the policy does not name`;
    if (!reachesLevel(framework, level, floor)) return `verified at ${framework} ${level}, below ${floor}`;
  }
  if (maxCredentialAge !== undefined && record.loggedAt - Date.parse(verifiedAt) > durationMs(maxCredentialAge)) {
    return `verified on ${verifiedAt}, more than ${maxCredentialAge} before it was logged`;
  }
  return null;
}

/** Which expertise that the policy asks for a credential lacked when the record was logged; null if none. */
function expertiseFault(credential: Credential, record: Present, policy: Policy): string | null {
  const claims = credential.document.credentialSubject.expertise ?? [];
  const faults = (policy.human?.expertise ?? []).flatMap((field) => {
    const ends = claims.flatMap((claim) => (claim.field === field ? [claim.validUntil ?? null] : []));
    if (ends.length === 0) return [`not certified in ${field}`];
    if (ends.some((end) => end === null || Date.parse(end) > record.loggedAt)) return [];
    const last = ends.reduce((a, b) => ((a ?? '') > (b ?? '') ? a : b));
    return [`certified in ${field} until ${last} only, before it was logged`];
  });
  return faults.length === 0 ? null : faults.join(' and ');
}

/** Several reasons in one line: each once, three at most. */
function summed(reasons: readonly string[]): string {
  const different = [...new Set(reasons)];
  const rest = different.length - 3;
  return `${different.slice(0, 3).join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}
