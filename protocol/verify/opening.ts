import { compiledInTime } from '#compile';
import { Certificate } from '../../schemas/certificate.ts';
import { limits } from '../../schemas/limits.ts';
import type { LogEntry } from '../../schemas/log-entry.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { CheckId } from '../../schemas/report.ts';
import type { Statement } from '../../schemas/statement.ts';
import type { StatusListCredential } from '../../schemas/status-list.ts';
import type { VerifySignature } from '../ed25519/verify.ts';
import { has, type Logged } from '../evidence.ts';
import { parseUnvetted, type CanonicalJson, type Json, type JsonObject, type UnvettedJson } from '../json.ts';
import { parseCheckpoint, type Checkpoint } from '../log/checkpoint.ts';
import { parseEntry } from '../log/entry.ts';
import { InclusionVerifier } from '../log/inclusion.ts';
import { leafHash } from '../log/merkle.ts';
import { judgeCheckpoint, type TrustPolicy } from '../log/trust.ts';
import { ok, refuse, type Result } from '../result.ts';
import { issuesOf, readStatement, verifyStatement } from '../statement.ts';
import { verifyStatusList } from '../status-list.ts';
import { Findings } from './findings.ts';

/** What holds if every statement is signed by its issuer, and what holds: the same object, where all are. */
export interface Ahead<T> {
  assumed: T;
  settled: Promise<T>;
}

/** One certificate that was read, before its contents are put together with those of others. */
export interface Opening {
  subject: StatementId | null;
  checkpoint: Checkpoint | null;
  statements: Logged[];
  lists: Result<StatusListCredential, string>[];
  findings: Findings;
}

/** What was said of signatures, by the statement's id, which covers them: certificates share statements. */
export type Verified = Map<StatementId, Signing>;
type Signing = ReturnType<typeof verifyStatement>;

/**
 * Reads one certificate and judges all of it that can be judged by itself. Hostile input yields findings. Of a certificate
 * that is answered with its statements' signatures still out, the checkpoint and the status lists are judged.
 */
export async function readOpening(
  text: string,
  trust: TrustPolicy,
  verify: VerifySignature,
  verified: Verified,
): Promise<Ahead<Opening>> {
  const findings = new Findings();
  const opening: Opening = { subject: null, checkpoint: null, statements: [], lists: [], findings };
  const nothing = { assumed: opening, settled: Promise.resolve(opening) };
  const json = parseCertificate(text);
  // Signatures go out as they are read: platforms that verify off the main thread do so while the rest is read here.
  const claimed = json.ok ? (json.value.value as JsonObject | null)?.['checkpoint'] : undefined;
  const begun = startCheckpoint(claimed, trust, verify);
  const certificate = json.ok ? vetCertificate(json.value, text.length) : json;
  if (!certificate.ok) {
    findings.fail('certificate.format', certificate.reason);
    return nothing;
  }
  const { subject, checkpoint: note, statements, status, canonicalOf, isCanonical } = certificate.value;
  opening.subject = subject;
  const head = note === claimed ? begun : startCheckpoint(note, trust, verify);
  if (!head.ok) {
    findings.fail('log.checkpoint', `the checkpoint ${head.reason}`);
    return nothing;
  }
  const { checkpoint, judging } = head.value;
  opening.checkpoint = checkpoint;
  const inclusion = new InclusionVerifier(checkpoint.size, checkpoint.root);
  const judgingLists = status.map((list) => verifyStatusList(list, verify, canonicalOf(list as Json)));
  const means = { canonicalOf, isCanonical, inclusion, verify, verified };
  const opened = statements.map((each) => openStatement(each, means));
  const signatures = Promise.all(opened.map((result) => (result.ok ? result.value.signed : SIGNED)));
  // Where a platform fails, whichever signature is waited for says so, once.
  signatures.catch(() => undefined);
  const [judged, lists] = await Promise.all([judging, Promise.all(judgingLists)]);
  if (trust.quorumName !== 'none' && !judged.quorum.ok) findings.fail('log.witnesses', judged.quorum.reason);
  if (!judged.log.ok) {
    findings.fail('log.checkpoint', judged.log.reason);
    return nothing;
  }
  opening.lists = lists;
  const assumed = withStatements(opening, opened);
  const settled = signatures.then((verdicts) =>
    verdicts.every(({ ok }) => ok) ? assumed : withStatements(opening, opened, verdicts),
  );
  return { assumed, settled };
}

/** Adds the statements that are in order; without verdicts on their signatures, as if all of these were good. */
function withStatements(
  opening: Opening,
  opened: readonly ReturnType<typeof openStatement>[],
  verdicts: readonly Awaited<Signing>[] = [],
): Opening {
  const findings = new Findings();
  findings.take(opening.findings, '');
  const statements: Logged[] = [];
  for (const [i, result] of opened.entries()) {
    const verdict = verdicts[i];
    if (!result.ok) findings.fail(result.reason.check, result.reason.detail, result.reason.id);
    else if (verdict?.ok === false) findings.fail('statement.signature', verdict.reason.detail, result.value.logged.id);
    else statements.push(result.value.logged);
  }
  if (operatorIn(statements) === null) {
    findings.fail('issuer.accredited', 'the certificate does not carry entry 0, in which the operator names itself');
  }
  return { ...opening, statements, findings };
}

/** Who signed entry 0, where it is among these: the operator, which accredits itself there. */
export function operatorIn(statements: readonly Logged[]): Did | null {
  const first = statements.find((logged) => logged.index === 0);
  return first !== undefined &&
    has(first, 'Accreditation') &&
    first.document.issuer === first.document.credentialSubject.id
    ? first.document.issuer
    : null;
}

const schema = compiledInTime(Certificate);
/** Roughly, in a certificate. */
const STATEMENT_LENGTH = 2000;

function parseCertificate(text: string): Result<UnvettedJson, string> {
  if (text.length > limits.certificateBytes) return refuse(`larger than ${limits.certificateBytes} bytes`);
  const json = parseUnvetted(text);
  return json.ok ? json : refuse(json.reason.detail);
}

/** Reads what may turn out to be no certificate's checkpoint, and has its signatures judged. */
function startCheckpoint(
  note: unknown,
  trust: TrustPolicy,
  verify: VerifySignature,
): Result<{ checkpoint: Checkpoint; judging: ReturnType<typeof judgeCheckpoint> }, string> {
  const checkpoint = parseCheckpoint(typeof note === 'string' ? note : '');
  if (!checkpoint.ok) return checkpoint;
  const judging = judgeCheckpoint(checkpoint.value, trust, verify);
  // Perhaps nobody waits for it.
  judging.catch(() => undefined);
  return ok({ checkpoint: checkpoint.value, judging });
}

function vetCertificate(
  unvetted: UnvettedJson,
  length: number,
): Result<Certificate & Omit<CanonicalJson, 'value'>, string> {
  const json = unvetted.vet();
  if (!json.ok) return refuse(json.reason.detail);
  const { value, ...canonical } = json.value;
  const read = schema(length / STATEMENT_LENGTH);
  const fault = read.validate(value) ? undefined : read.safeParse(value).error;
  // What was read itself, not a copy of it: the text knows its parts.
  if (fault === undefined) return ok({ ...(value as Certificate), ...canonical });
  const issue = issuesOf(fault)[0];
  return refuse(`not a certificate: ${issue?.path} ${issue?.message}`);
}

interface StatementFinding {
  check: CheckId;
  detail: string;
  id?: StatementId;
}

interface Means extends Omit<CanonicalJson, 'value'> {
  inclusion: InclusionVerifier;
  verify: VerifySignature;
  verified: Verified;
}

/** A statement that is in order but for its signature, which is still judged. */
interface OpenedStatement {
  logged: Logged;
  signed: Signing;
}

const SIGNED: Signing = Promise.resolve(ok(true));

function openStatement(
  { index, entry: entryText, proof, document }: Certificate['statements'][number],
  means: Means,
): Result<OpenedStatement, StatementFinding> {
  const entry = parseEntry(entryText);
  if (entry === null) return refuse({ check: 'log.inclusion', detail: `the entry at index ${index} is malformed` });
  const { id, kind } = entry;
  // Its signature is on the way while the proof is checked.
  const opened = document === null ? null : openDocument(document as Json, entry, means);
  if (!means.inclusion.verify(index, leafHash(entryText), proof)) {
    return refuse({ check: 'log.inclusion', detail: `the proof does not place ${id} at index ${index}`, id });
  }
  if (opened?.ok === false) return refuse({ check: 'statement.digest', detail: opened.reason, id });
  const { document: read = null, signed = SIGNED } = opened?.value ?? {};
  return ok({ logged: { id, kind, index, loggedAt: Date.parse(entry.loggedAt), document: read }, signed });
}

function openDocument(
  document: Json,
  { id, kind }: LogEntry,
  { canonicalOf, isCanonical, verify, verified }: Means,
): Result<{ document: Statement; signed: Signing }, string> {
  const statement = readStatement(document, canonicalOf(document));
  if (!statement.ok) return refuse(`the document of ${id} is ${statement.reason.detail}`);
  if (statement.value.id !== id || statement.value.kind !== kind) {
    return refuse(`the document has id ${statement.value.id}, the log has ${id}`);
  }
  const signed = verified.get(id) ?? verifyStatement(statement.value, verify);
  // Nobody waits for it where the proof turns out to be wrong.
  signed.catch(() => undefined);
  verified.set(id, signed);
  // Whoever shows a certificate may order its keys as they like: what is said of it does not depend on that.
  const read = isCanonical ? statement.value.document : (JSON.parse(statement.value.canonical) as Statement);
  return ok({ document: read, signed });
}
