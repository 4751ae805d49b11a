import type { AssistanceLevel } from '../../schemas/dataset-record.ts';
import { limits } from '../../schemas/limits.ts';
import type { Policy } from '../../schemas/policy.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Report, StandingState } from '../../schemas/report.ts';
import { verifySignature, type VerifySignature } from '../ed25519/verify.ts';
import { Evidence } from '../evidence.ts';
import { composedRecords, effectiveAssistance, lineageOf, unregisteredSources, type Lineage } from '../lineage.ts';
import type { TrustPolicy } from '../log/trust.ts';
import { compositionRoot } from '../manifest.ts';
import { standingAt } from '../standing.ts';
import { logTimeOf } from '../time.ts';
import { checkAssistance, summarizeAssistance } from './assistance.ts';
import { openCertificate } from './certificate.ts';
import { coverContent, type LocalContent } from './content.ts';
import { checkFreshness } from './freshness.ts';
import { checkHumans } from './human.ts';
import { checkReviews } from './review.ts';
import { checkRights } from './rights.ts';
import type { Findings } from './findings.ts';

export interface VerifyInput {
  /** The certificate's text, from whatever source. */
  certificate: string;
  trust: TrustPolicy;
  policy: Policy;
  /** Milliseconds since the epoch. */
  now: number;
  /** The files to be checked; without them, only the certificate is. */
  content?: LocalContent | undefined;
  /** How signatures are judged; the platform's fastest way unless given. */
  verify?: VerifySignature | undefined;
}

/** What a buyer who names no policy demands: verified humans, in good standing, and every file accounted for. */
export const DEFAULT_POLICY: Policy = { policy: 'firsthand/v1', human: { required: true } };

/**
 * Checks a certificate, and local files, against a policy (protocol.md §7, §8). The same function on client and server;
 * it reads nothing but its arguments. The verdict is `pass` only if nothing failed.
 */
export async function verifyCertificate(input: VerifyInput): Promise<Report> {
  const { policy, now } = input;
  const opened = await openCertificate(input.certificate, input.trust, input.verify ?? verifySignature);
  const { findings, subject } = opened;
  const asOf = policy.trust?.asOf === undefined ? now : Date.parse(policy.trust.asOf);
  const report = (parts: Partial<Report> = {}): Report => {
    const checks = findings.list();
    return {
      verdict: checks.some((check) => check.outcome === 'fail') ? 'fail' : 'pass',
      subject,
      asOf: logTimeOf(asOf),
      checks,
      coverage: null,
      humans: null,
      assistance: null,
      rights: null,
      ...parts,
    };
  };
  if (asOf > now + limits.clockSkew) {
    findings.fail('freshness', `nobody knows yet what holds as of ${logTimeOf(asOf)}: it is ${logTimeOf(now)}`);
  }
  const evidence = new Evidence(opened.operator, opened.statements);
  if (policy.trust?.operator !== undefined && opened.operator !== null && opened.operator !== policy.trust.operator) {
    findings.fail('issuer.accredited', `the registry’s operator is ${opened.operator}, not ${policy.trust.operator}`);
  }
  if (subject === null || evidence.record(subject) === undefined) {
    const erased = subject !== null && evidence.get(subject)?.document === null;
    if (findings.list().every((check) => check.outcome !== 'fail')) {
      findings.fail(
        'lineage.complete',
        erased ? 'the record was erased' : 'the certificate does not carry its subject, a dataset record',
      );
    }
    return report();
  }

  const lineage = lineageOf(evidence, subject);
  for (const fault of lineage.faults) findings.fail('lineage.complete', fault.detail, fault.statement);
  for (const { id, document } of lineage.records) {
    const { id: root, content, parts = [] } = document.credentialSubject;
    if (content === undefined && root !== compositionRoot(parts)) {
      findings.fail('lineage.complete', 'a composition whose id is not the root over its parts', id);
    }
  }
  for (const { url, record } of unregisteredSources(lineage)) {
    findings.add(
      'lineage.complete',
      'warn',
      `the source ${url} is not registered: who made it, and how, is not known`,
      record,
    );
  }
  findings.passUnlessFailed(
    'lineage.complete',
    `records, down to the last registered ancestor: ${lineage.records.length}`,
  );

  const standing = checkStanding(evidence, lineage, asOf, findings);
  checkFreshness(opened, evidence, policy, asOf, now, findings);
  const humans = checkHumans(evidence, lineage, policy, asOf, findings);
  const levels = effectiveAssistance(lineage);
  const assistance = summarizeAssistance(lineage, levels);
  checkAssistance(assistance, lineage, policy, findings);
  checkReviews(evidence, lineage, policy, asOf, findings);
  const rights = checkRights(evidence, subject, policy, asOf, findings);
  return report({ humans, assistance, rights, coverage: checkContent(input, lineage, levels, standing, findings) });
}

function checkStanding(
  evidence: Evidence,
  lineage: Lineage,
  asOf: number,
  findings: Findings,
): Map<StatementId, StandingState> {
  const states = new Map<StatementId, StandingState>();
  for (const record of lineage.records) {
    const standing = standingAt(evidence, record, asOf);
    states.set(record.id, standing.state);
    const name = JSON.stringify(record.document.credentialSubject.name);
    if (standing.state !== 'active') {
      findings.fail('standing', `${name} is ${standing.state}: ${standing.reason}`, record.id);
    } else if (standing.supersededBy !== null) {
      findings.add('standing', 'warn', `${name} is superseded by ${standing.supersededBy}`, record.id);
    }
  }
  findings.passUnlessFailed(
    'standing',
    `records active as of ${logTimeOf(asOf)}: ${lineage.records.length}, which is all`,
  );
  return states;
}

function checkContent(
  input: VerifyInput,
  lineage: Lineage,
  levels: ReadonlyMap<StatementId, AssistanceLevel>,
  standing: ReadonlyMap<StatementId, StandingState>,
  findings: Findings,
): Report['coverage'] {
  if (input.content === undefined) {
    const asked = input.policy.content !== undefined;
    for (const id of ['content.root', 'content.coverage'] as const) {
      if (asked) findings.fail(id, 'the policy asks for coverage, but no files were given to compare');
      else findings.add(id, 'skipped', 'no files were given to compare');
    }
    return null;
  }
  const { coverage, unmatched } = coverContent(input.content, composedRecords(lineage), levels, standing, findings);
  const needed = input.policy.content?.minCoverage ?? 1;
  const share = coverage.rows === 0 ? 0 : coverage.matched / coverage.rows;
  const detail = `${coverage.matched} of ${coverage.files} files here are certified`;
  if (coverage.rows > 0 && share >= needed) {
    findings.add('content.coverage', unmatched.length === 0 ? 'pass' : 'warn', detail);
  } else {
    findings.fail('content.coverage', `${detail}, ${needed * 100} % are required`);
    for (const file of unmatched) findings.fail('content.coverage', file);
  }
  return coverage;
}
