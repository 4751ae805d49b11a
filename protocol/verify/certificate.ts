import { Certificate } from '../../schemas/certificate.ts';
import { limits } from '../../schemas/limits.ts';
import type { LogEntry } from '../../schemas/log-entry.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { CheckId } from '../../schemas/report.ts';
import type { Statement } from '../../schemas/statement.ts';
import type { VerifySignature } from '../ed25519/verify.ts';
import { Evidence, has, type Logged } from '../evidence.ts';
import { canonicalJson, parseJson, type Json } from '../json.ts';
import { parseCheckpoint, type Checkpoint } from '../log/checkpoint.ts';
import { parseEntry } from '../log/entry.ts';
import { InclusionVerifier } from '../log/inclusion.ts';
import { leafHash } from '../log/merkle.ts';
import { judgeCheckpoint, type TrustPolicy } from '../log/trust.ts';
import { ok, refuse, type Result } from '../result.ts';
import { roleAt } from '../standing.ts';
import { issuesOf, readStatement, verifyStatement } from '../statement.ts';
import { openStatusList, verifyStatusList, type StatusList } from '../status-list.ts';
import type { StatusListCredential } from '../../schemas/status-list.ts';
import { Findings } from './findings.ts';

/** A certificate whose contents have been found authentic, or not: what did not pass is in the findings, and left out. */
export interface OpenedCertificate {
  subject: StatementId | null;
  checkpoint: Checkpoint | null;
  operator: Did | null;
  statements: Logged[];
  statusLists: StatusList[];
  findings: Findings;
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
  const findings = new Findings();
  const opened: OpenedCertificate = {
    subject: null,
    checkpoint: null,
    operator: null,
    statements: [],
    statusLists: [],
    findings,
  };
  const certificate = readCertificate(text);
  if (!certificate.ok) {
    findings.fail('certificate.format', certificate.reason);
    return opened;
  }
  opened.subject = certificate.value.subject;
  const checkpoint = parseCheckpoint(certificate.value.checkpoint);
  if (!checkpoint.ok) {
    findings.fail('log.checkpoint', `the checkpoint ${checkpoint.reason}`);
    return opened;
  }
  opened.checkpoint = checkpoint.value;
  const inclusion = new InclusionVerifier(checkpoint.value.size, checkpoint.value.root);
  // All signatures at once: platforms that verify off the main thread are kept busy while the rest is read here.
  const [judged, results, lists] = await Promise.all([
    judgeCheckpoint(checkpoint.value, trust, verify),
    Promise.all(certificate.value.statements.map((statement) => openStatement(statement, inclusion, verify))),
    Promise.all(certificate.value.status.map((list) => verifyStatusList(list, verify))),
  ]);
  findings.settle(
    'log.checkpoint',
    judged.log,
    `size ${checkpoint.value.size} of ${checkpoint.value.origin}, signed by its log`,
  );
  if (trust.quorumName === 'none') findings.add('log.witnesses', 'skipped', 'the trust policy asks for no witnesses');
  else
    findings.settle(
      'log.witnesses',
      judged.quorum,
      `a quorum of witnesses (${trust.quorumName}) cosigned the checkpoint`,
    );
  if (!judged.log.ok) return opened;

  for (const result of results) {
    if (result.ok) opened.statements.push(result.value);
    else findings.fail(result.reason.check, result.reason.detail, result.reason.id);
  }
  const count = opened.statements.length;
  findings.passUnlessFailed('statement.digest', `statements with the id that the log holds: ${count}`);
  findings.passUnlessFailed('statement.signature', `statements signed by their issuers: ${count}`);
  findings.passUnlessFailed('log.inclusion', `entries in the log: ${count}`);

  const first = opened.statements.find((logged) => logged.index === 0);
  if (
    first !== undefined &&
    has(first, 'Accreditation') &&
    first.document.issuer === first.document.credentialSubject.id
  ) {
    opened.operator = first.document.issuer;
  } else {
    findings.fail('issuer.accredited', 'the certificate does not carry entry 0, in which the operator names itself');
  }
  opened.statusLists = acceptStatusLists(lists, opened);
  return opened;
}

function readCertificate(text: string): Result<Certificate, string> {
  if (text.length > limits.certificateBytes) return refuse(`larger than ${limits.certificateBytes} bytes`);
  const json = parseJson(text);
  if (!json.ok) return refuse(json.reason.detail);
  const parsed = Certificate.safeParse(json.value);
  if (parsed.success) return ok(parsed.data);
  const issue = issuesOf(parsed.error)[0];
  return refuse(`not a certificate: ${issue?.path} ${issue?.message}`);
}

interface StatementFinding {
  check: CheckId;
  detail: string;
  id?: StatementId;
}

async function openStatement(
  { index, entry: entryText, proof, document }: Certificate['statements'][number],
  inclusion: InclusionVerifier,
  verify: VerifySignature,
): Promise<Result<Logged, StatementFinding>> {
  const entry = parseEntry(entryText);
  if (entry === null) return refuse({ check: 'log.inclusion', detail: `the entry at index ${index} is malformed` });
  const { id, kind } = entry;
  // Its signature is on the way while the proof is checked.
  const opening = openDocument(document as Json, entry, verify);
  const included = inclusion.verify(index, leafHash(entryText), proof);
  const opened = await opening;
  if (!included) {
    return refuse({ check: 'log.inclusion', detail: `the proof does not place ${id} at index ${index}`, id });
  }
  if (!opened.ok) return refuse({ ...opened.reason, id });
  return ok({ id, kind, index, loggedAt: Date.parse(entry.loggedAt), document: opened.value });
}

async function openDocument(
  document: Json,
  { id, kind }: LogEntry,
  verify: VerifySignature,
): Promise<Result<Statement | null, StatementFinding>> {
  if (document === null) return ok(null);
  const statement = readStatement(document);
  if (!statement.ok) {
    return refuse({ check: 'statement.digest', detail: `the document of ${id} is ${statement.reason.detail}` });
  }
  if (statement.value.id !== id || statement.value.kind !== kind) {
    return refuse({
      check: 'statement.digest',
      detail: `the document has id ${statement.value.id}, the log has ${id}`,
    });
  }
  const signed = await verifyStatement(statement.value, verify);
  if (!signed.ok) return refuse({ check: 'statement.signature', detail: signed.reason.detail });
  return ok(statement.value.document);
}

/** The status lists whose signature is good and whose signer the operator had accredited for it. */
function acceptStatusLists(results: Result<StatusListCredential, string>[], opened: OpenedCertificate): StatusList[] {
  const evidence = new Evidence(opened.operator, opened.statements);
  const lists: StatusList[] = [];
  const seen = new Set<number>();
  for (const result of results) {
    if (!result.ok) {
      opened.findings.fail('freshness', `a status list ${result.reason}`);
      continue;
    }
    const { issuer, validFrom, credentialSubject } = result.value;
    const moment = { index: Infinity, loggedAt: Date.parse(validFrom) };
    if (credentialSubject.log.origin !== opened.checkpoint?.origin) {
      opened.findings.fail('freshness', `a status list is of another log, ${credentialSubject.log.origin}`);
    } else if (roleAt(evidence, issuer, 'status-service', moment, Infinity) === null) {
      opened.findings.fail(
        'freshness',
        `a status list is signed by ${issuer}, which the operator did not accredit for it`,
      );
    } else {
      const { list: number } = credentialSubject.log;
      if (seen.has(number)) opened.findings.fail('certificate.format', `status list ${number} is given twice`);
      seen.add(number);
      const list = openStatusList(result.value);
      if (list.ok) lists.push(list.value);
      else opened.findings.fail('freshness', `a status list ${list.reason}`);
    }
  }
  return lists;
}

/** The bytes of a certificate, as the registry serves them. */
export const encodeCertificate = (certificate: Certificate): string => canonicalJson(certificate);
