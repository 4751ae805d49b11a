import { limits } from '../../schemas/limits.ts';
import type { Policy } from '../../schemas/policy.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Report, StandingState } from '../../schemas/report.ts';
import { verifySignature, type VerifySignature } from '../ed25519/verify.ts';
import type { Evidence } from '../evidence.ts';
import { composedRecords, effectiveAssistance, lineageOf, unregisteredSources, type Lineage } from '../lineage.ts';
import type { TrustPolicy } from '../log/trust.ts';
import { compositionRoot } from '../manifest.ts';
import { standingAt } from '../standing.ts';
import { logTimeOf } from '../time.ts';
import { checkAssistance, summarizeAssistance } from './assistance.ts';
import { openCertificates, type OpenedCertificates } from './certificate.ts';
import { matchContent, type ContentMatch, type LocalContent } from './content.ts';
import { checkCoverage, coverageOf } from './coverage.ts';
import { checkFreshness } from './freshness.ts';
import { checkDistinct, checkHumans, countHumans } from './human.ts';
import { checkReviews } from './review.ts';
import { checkRights } from './rights.ts';
import type { Findings } from './findings.ts';

export interface VerifyInput extends Omit<VerifyAllInput, 'certificates'> {
  /** The certificate's text, from whatever source. */
  certificate: string;
}

export interface VerifyAllInput {
  /** The certificates' texts, from whatever source, all of one log. */
  certificates: readonly string[];
  trust: TrustPolicy;
  policy: Policy;
  /** Milliseconds since the epoch. */
  now: number;
  /** The files to be checked; without them, only the certificates are. */
  content?: LocalContent | undefined;
  /** How signatures are judged; the platform's fastest way unless given. */
  verify?: VerifySignature | undefined;
}

export interface Verification {
  report: Report;
  /** What of the content is in no certified record. */
  unmatched: ContentMatch['unmatched'];
}

/** What a buyer who names no policy demands: verified humans, in good standing, and everything accounted for. */
export const DEFAULT_POLICY: Policy = { policy: 'firsthand/v1', human: { required: true } };

/**
 * Checks a certificate, and local files, against a policy (protocol.md §7, §8). The same function on client and server;
 * it reads nothing but its arguments. The verdict is `pass` only if nothing failed.
 */
export async function verifyCertificate({ certificate, ...input }: VerifyInput): Promise<Report> {
  return (await verifyCertificates({ ...input, certificates: [certificate] })).report;
}

/**
 * The same for a mix of several records: they are judged as if one record composed them all (docs/decisions/0021), and rows
 * are told apart by the record that they come from.
 */
export async function verifyCertificates(input: VerifyAllInput): Promise<Verification> {
  const { assumed, settled } = await openCertificates(input.certificates, input.trust, input.verify ?? verifySignature);
  const ahead = judge(assumed, input);
  const opened = await settled;
  return matchAndReport(opened === assumed ? ahead : judge(opened, input), input);
}

/** The same of certificates that were opened already; what is found is added to their findings. */
export async function verifyOpened(opened: OpenedCertificates, input: Question): Promise<Verification> {
  return matchAndReport(judge(opened, input), input);
}

type Question = Omit<VerifyAllInput, 'certificates' | 'trust'>;

/** All that is asked of the certificates, whatever content there is. */
function judge(opened: OpenedCertificates, { policy, now }: Question): Judged {
  const { findings, subjects, evidence } = opened;
  const asOf = policy.trust?.asOf === undefined ? now : Date.parse(policy.trust.asOf);
  if (asOf > now + limits.clockSkew) {
    findings.fail('freshness', `nobody knows yet what holds as of ${logTimeOf(asOf)}: it is ${logTimeOf(now)}`);
  }
  if (policy.trust?.operator !== undefined && opened.operator !== null && opened.operator !== policy.trust.operator) {
    findings.fail('issuer.accredited', `the registry’s operator is ${opened.operator}, not ${policy.trust.operator}`);
  }
  const present = subjects.filter((subject) => evidence.record(subject) !== undefined);
  if (present.length < subjects.length || subjects.length === 0) requireSubjects(evidence, subjects, findings);
  if (present.length === 0) return { opened, asOf, records: null };

  const lineage = lineageOf(evidence, ...present);
  checkLineage(lineage, findings);
  const standing = checkStanding(evidence, lineage, asOf, findings);
  checkFreshness(opened, evidence, policy, asOf, now, findings);
  const vouched = checkHumans(evidence, lineage, policy, asOf, findings);
  const humans = countHumans(vouched, lineage.records);
  const levels = effectiveAssistance(lineage);
  const assistance = summarizeAssistance(lineage, levels);
  checkAssistance(assistance, lineage, policy, findings);
  checkReviews(evidence, lineage, policy, asOf, findings);
  const rights = checkRights(evidence, present, policy, asOf, findings);
  return { opened, asOf, records: { lineage, standing, vouched, humans, levels, assistance, rights } };
}

interface Judged {
  opened: OpenedCertificates;
  asOf: number;
  /** Null where no record that was to be verified is there. */
  records: {
    lineage: Lineage;
    standing: ReturnType<typeof checkStanding>;
    vouched: ReturnType<typeof checkHumans>;
    humans: ReturnType<typeof countHumans>;
    levels: ReturnType<typeof effectiveAssistance>;
    assistance: Report['assistance'];
    rights: Report['rights'];
  } | null;
}

/** Finds whose the content is, where there is any, and says what came of it all. */
async function matchAndReport({ opened, asOf, records }: Judged, input: Question): Promise<Verification> {
  const { findings, subjects } = opened;
  const report = (parts: Partial<Report> = {}): Report => {
    const checks = findings.list();
    return {
      verdict: findings.failed ? 'fail' : 'pass',
      subject: subjects.length === 1 ? (subjects[0] ?? null) : null,
      subjects,
      asOf: logTimeOf(asOf),
      checks,
      coverage: null,
      humans: null,
      assistance: null,
      rights: null,
      ...parts,
    };
  };
  if (records === null) return { report: report(), unmatched: [] };

  const { policy } = input;
  const { humans, assistance, rights } = records;
  const match = await matchLocal(input, records, findings);
  const coverage = match === null ? null : coverageOf(match, { ...records, policy, findings });
  checkCoverage(input.content, match, policy, findings);
  if (coverage === null) checkDistinct(humans, '', policy, findings);
  else checkDistinct(coverage.humans, ' behind what is here', policy, findings);
  return { report: report({ humans, assistance, rights, coverage }), unmatched: match?.unmatched ?? [] };
}

/** Where a record that was to be verified is not there, and nothing said so yet. */
function requireSubjects(evidence: Evidence, subjects: readonly StatementId[], findings: Findings): void {
  if (findings.failed) return;
  const missing = subjects.find((subject) => evidence.record(subject) === undefined);
  const erased = missing !== undefined && evidence.get(missing)?.document === null;
  findings.fail(
    'lineage.complete',
    erased ? 'the record was erased' : 'the certificate does not carry its subject, a dataset record',
    missing,
  );
}

function checkLineage(lineage: Lineage, findings: Findings): void {
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
}

function matchLocal(
  { content, now }: Pick<VerifyAllInput, 'content' | 'now'>,
  { lineage, standing }: Pick<NonNullable<Judged['records']>, 'lineage' | 'standing'>,
  findings: Findings,
): Promise<ContentMatch> | null {
  // Whoever picked the rows could not know when they would be compared.
  return content === undefined ? null : matchContent(content, composedRecords(lineage), standing, now, findings);
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
