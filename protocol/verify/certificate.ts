import type { Certificate } from '../../schemas/certificate.ts';
import { limits } from '../../schemas/limits.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import { equalBytes } from '../bytes.ts';
import type { VerifySignature } from '../ed25519/verify.ts';
import { Evidence, type Logged } from '../evidence.ts';
import { canonicalJson } from '../json.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import type { Hash } from '../log/merkle.ts';
import type { TrustPolicy } from '../log/trust.ts';
import { roleAt } from '../standing.ts';
import { openStatusList, type StatusList } from '../status-list.ts';
import { Findings } from './findings.ts';
import { operatorIn, readOpening, type Ahead, type Opening, type Verified } from './opening.ts';

/** Certificates whose contents have been found authentic, or not: what did not pass is in the findings, and left out. */
export interface OpenedCertificates {
  /** The record of each certificate, each once, in the order given. */
  subjects: StatementId[];
  operator: Did | null;
  /** What the statements say of each other. */
  evidence: Evidence;
  /** All that any of them carries, each statement once, with its body where any of them has it; in log order. */
  statements: Logged[];
  statusLists: StatusList[];
  findings: Findings;
}

/** The same of one certificate. */
export interface OpenedCertificate extends Omit<OpenedCertificates, 'subjects'> {
  subject: StatementId | null;
  checkpoint: Checkpoint | null;
}

/**
 * Opens a certificate from an untrusted source (protocol.md §7): its form, every digest, signature and inclusion proof,
 * the checkpoint against `trust`, and the status lists. Hostile input yields findings, never an exception; the work is
 * linear in the certificate's size.
 */
export async function openCertificate(
  text: string,
  trust: TrustPolicy,
  verify: VerifySignature,
): Promise<OpenedCertificate> {
  const opening = await (await readOpening(text, trust, verify, new Map())).settled;
  const { subjects, ...opened } = combine([opening], trust);
  return { ...opened, subject: subjects[0] ?? null, checkpoint: opening.checkpoint };
}

/**
 * Opens certificates of one log together (docs/decisions/0021): each is judged on its own, and what they carry is put
 * together, so that a revocation that one of them knows of counts for all. What is wrong with one is said of that one.
 * It answers while signatures of statements are still judged, and in no time once they are.
 */
export async function openCertificates(
  texts: readonly string[],
  trust: TrustPolicy,
  verify: VerifySignature,
): Promise<Ahead<OpenedCertificates>> {
  const different = [...new Set(texts)];
  const size = different.reduce((sum, text) => sum + text.length, 0);
  if (different.length > limits.certificates || size > limits.certificatesBytes) {
    const opened = combine([], trust);
    opened.findings.fail(
      'certificate.format',
      `${different.length} certificates with ${size} bytes; together they may be ${limits.certificates} with ${limits.certificatesBytes} bytes`,
    );
    return { assumed: opened, settled: Promise.resolve(opened) };
  }
  const verified: Verified = new Map();
  const openings: Ahead<Opening>[] = [];
  for (const text of different) {
    // One after the other: the signatures of one keep every core busy.
    await openings.at(-1)?.settled;
    openings.push(await readOpening(text, trust, verify, verified));
  }
  const assumed = combine(
    openings.map((opening) => opening.assumed),
    trust,
  );
  const settled = Promise.all(openings.map((opening) => opening.settled)).then((known) =>
    known.every((opening, i) => opening === openings[i]?.assumed) ? assumed : combine(known, trust),
  );
  return { assumed, settled };
}

/** Puts together what certificates carry, as far as they are of one log that tells all of them the same. */
function combine(openings: readonly Opening[], trust: TrustPolicy): OpenedCertificates {
  const findings = new Findings();
  const nameOf = (opening: Opening): string =>
    openings.length === 1
      ? ''
      : `certificate ${openings.indexOf(opening) + 1}${opening.subject === null ? '' : `, of ${opening.subject}`}: `;
  for (const opening of openings) findings.take(opening.findings, nameOf(opening));
  const held = openings.filter(({ checkpoint, statements }) => checkpoint !== null && statements.length > 0);
  const origin = held[0]?.checkpoint?.origin;
  const ofOneLog = held.filter((opening) => {
    if (opening.checkpoint?.origin === origin) return true;
    const detail = `is of another log, ${opening.checkpoint?.origin} and not ${origin}: verify it by itself`;
    findings.fail('log.checkpoint', `${nameOf(opening)}${detail}`);
    return false;
  });
  checkHeads(ofOneLog, findings);
  const statements = union(ofOneLog, findings);
  const operator = operatorIn(statements);
  const evidence = new Evidence(operator, statements);
  const opened: OpenedCertificates = {
    subjects: [...new Set(openings.flatMap(({ subject }) => subject ?? []))],
    operator,
    evidence,
    statements,
    statusLists: ofOneLog.flatMap((opening) => acceptStatusLists(opening, evidence, findings, nameOf(opening))),
    findings,
  };
  if (ofOneLog.length > 0) notePasses(ofOneLog, statements.length, trust, findings);
  else if (trust.quorumName === 'none') noteNoWitnesses(findings);
  return opened;
}

/** Two trees of one size are a fork, which the log has signed. Between sizes, only the log's own tiles could tell. */
function checkHeads(openings: readonly Opening[], findings: Findings): void {
  const roots = new Map<number, Hash>();
  for (const { checkpoint } of openings) {
    if (checkpoint === null) continue;
    const other = roots.get(checkpoint.size);
    if (other !== undefined && !equalBytes(other, checkpoint.root)) {
      findings.fail('log.checkpoint', `the log forked: it signed two different trees of size ${checkpoint.size}`);
    }
    roots.set(checkpoint.size, checkpoint.root);
  }
}

/** Each statement once, in log order. A body that was erased since still proves itself, wherever it was kept. */
function union(openings: readonly Opening[], findings: Findings): Logged[] {
  const byIndex = new Map<number, Logged>();
  const byId = new Map<StatementId, Logged>();
  for (const logged of openings.flatMap(({ statements }) => statements)) {
    const there = byIndex.get(logged.index) ?? byId.get(logged.id);
    if (
      there !== undefined &&
      (there.id !== logged.id || there.index !== logged.index || there.loggedAt !== logged.loggedAt)
    ) {
      findings.fail(
        'log.checkpoint',
        `the log forked: it proves ${there.id} at index ${there.index}, and ${logged.id} at index ${logged.index}`,
        logged.id,
      );
      continue;
    }
    if (there !== undefined && (there.document !== null || logged.document === null)) continue;
    byIndex.set(logged.index, logged);
    byId.set(logged.id, logged);
  }
  return openings.length === 1 ? [...byIndex.values()] : [...byIndex.values()].toSorted((a, b) => a.index - b.index);
}

function notePasses(openings: readonly Opening[], count: number, trust: TrustPolicy, findings: Findings): void {
  const heads = openings.flatMap(({ checkpoint }) => checkpoint ?? []);
  const sizes = [...new Set(heads.map(({ size }) => size))].toSorted((a, b) => a - b).join(', ');
  findings.passUnlessFailed('log.checkpoint', `size ${sizes} of ${heads[0]?.origin}, signed by its log`);
  if (trust.quorumName === 'none') noteNoWitnesses(findings);
  else
    findings.passUnlessFailed('log.witnesses', `a quorum of witnesses (${trust.quorumName}) cosigned the checkpoint`);
  findings.passUnlessFailed('statement.digest', `statements with the id that the log holds: ${count}`);
  findings.passUnlessFailed('statement.signature', `statements signed by their issuers: ${count}`);
  findings.passUnlessFailed('log.inclusion', `entries in the log: ${count}`);
}

const noteNoWitnesses = (findings: Findings): void =>
  findings.add('log.witnesses', 'skipped', 'the trust policy asks for no witnesses');

/** The status lists of a certificate whose signature is good and whose signer the operator had accredited for it. */
function acceptStatusLists(
  { lists, checkpoint }: Opening,
  evidence: Evidence,
  findings: Findings,
  name: string,
): StatusList[] {
  const accepted: StatusList[] = [];
  const seen = new Set<number>();
  for (const result of lists) {
    if (!result.ok) {
      findings.fail('freshness', `${name}a status list ${result.reason}`);
      continue;
    }
    const { issuer, validFrom, credentialSubject } = result.value;
    const moment = { index: Infinity, loggedAt: Date.parse(validFrom) };
    if (credentialSubject.log.origin !== checkpoint?.origin) {
      findings.fail('freshness', `${name}a status list is of another log, ${credentialSubject.log.origin}`);
    } else if (roleAt(evidence, issuer, 'status-service', moment, Infinity) === null) {
      findings.fail(
        'freshness',
        `${name}a status list is signed by ${issuer}, which the operator did not accredit for it`,
      );
    } else {
      const { list: number } = credentialSubject.log;
      if (seen.has(number)) findings.fail('certificate.format', `${name}status list ${number} is given twice`);
      seen.add(number);
      const list = openStatusList(result.value);
      if (list.ok) accepted.push(list.value);
      else findings.fail('freshness', `${name}a status list ${list.reason}`);
    }
  }
  return accepted;
}

/** The bytes of a certificate, as the registry serves them. */
export const encodeCertificate = (certificate: Certificate): string => canonicalJson(certificate);
