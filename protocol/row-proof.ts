import { limits } from '../schemas/limits.ts';
import type { ManifestFile } from '../schemas/manifest.ts';
import type { Did, Digest, StatementId } from '../schemas/primitives.ts';
import { RowProof } from '../schemas/row-proof.ts';
import { isKind, type Statement } from '../schemas/statement.ts';
import { fromBase64, utf8, type Bytes } from './bytes.ts';
import { digestToBytes } from './digest.ts';
import { verifySignature, type VerifySignature } from './ed25519/verify.ts';
import { canonicalJson, parseJson, type Json } from './json.ts';
import type { Checkpoint } from './log/checkpoint.ts';
import { parseEntry } from './log/entry.ts';
import { leafHash, verifyInclusion, type Hash } from './log/merkle.ts';
import { encodeReceipt, parseReceipt, provesInclusion, type Receipt } from './log/receipt.ts';
import { judgeCheckpoint, type TrustPolicy } from './log/trust.ts';
import { parseManifestFile } from './manifest.ts';
import { ok, refuse, type Result } from './result.ts';
import { issuesOf, readStatement, verifyStatement, type ParsedStatement } from './statement.ts';

/** What a row's proof shows. */
export interface ProvenRow {
  digest: Digest;
  /** Its place among the file's rows, from 0 on. */
  index: number;
  file: Pick<ManifestFile, 'path' | 'sha256'> & { rows: NonNullable<ManifestFile['rows']> };
  record: StatementId;
  issuer: Did;
  /** The log that has the record, and where and when it took it. */
  origin: string;
  logIndex: number;
  loggedAt: string;
}

export interface RowProofFault {
  /** Which link of the chain does not hold. */
  code:
    | 'proof.format'
    | 'row.digest'
    | 'row.inclusion'
    | 'file.inclusion'
    | 'statement.digest'
    | 'statement.signature'
    | 'log.inclusion'
    | 'log.checkpoint'
    | 'log.witnesses';
  detail: string;
}

export interface RowProofInput {
  /** Whose log counts. */
  trust: TrustPolicy;
  /** The digest of the row that the proof is to be of; any row is good unless given. */
  row?: Digest;
  verify?: VerifySignature;
}

/** The bytes of a row's proof. */
export const encodeRowProof = (proof: RowProof): string => canonicalJson(proof);

/** The log that a proof says it is of, before anything of it is verified: enough to know whose key to look for. */
export function originOfRowProof(text: string): Result<string, string> {
  const proof = readProof(text);
  if (!proof.ok) return proof;
  const receipt = parseReceipt(proof.value.receipt);
  return receipt.ok ? ok(receipt.value.head.origin) : refuse(`the receipt ${receipt.reason}`);
}

/**
 * Verifies the proof of one row. It shows that the signer of a record claims that row as one of that file, and that the
 * log took the record: no more. Whether the record still stands, who its signer is and whether that is enough is what a
 * certificate and a policy are for.
 *
 * Pure, and total: any text at all yields a result, and no more work than its bounded size allows. No byte of a proof can
 * change without breaking it: it must be canonical, and every signature in its checkpoint must be by a key of `trust`.
 * (A row that stands twice, side by side, can be proven in either place.)
 */
export async function verifyRowProof(
  text: string,
  { trust, row, verify = verifySignature }: RowProofInput,
): Promise<Result<ProvenRow, RowProofFault>> {
  const proof = readProof(text);
  if (!proof.ok) return fault('proof.format', proof.reason);
  const { digest, index } = proof.value.row;
  if (row !== undefined && row !== digest) return fault('row.digest', `the proof is of ${digest}, not of ${row}`);
  const receipt = parseReceipt(proof.value.receipt);
  if (!receipt.ok) return fault('proof.format', `the receipt ${receipt.reason}`);
  if (encodeReceipt(receipt.value) !== proof.value.receipt) {
    return fault('proof.format', 'the receipt is not in canonical form');
  }
  const record = openRecord(proof.value.record as Json, receipt.value);
  if (!record.ok) return record;
  const { statement, document, loggedAt } = record.value;
  const file = openFile(proof.value, document);
  if (!file.ok) return file;
  // Signatures cost most, so they come last.
  const signed = await verifyStatement(statement, verify);
  if (!signed.ok) return fault('statement.signature', signed.reason.detail);
  const judged = await judge(receipt.value.head, trust, verify);
  if (!judged.ok) return judged;
  return ok({
    digest,
    index,
    file: file.value,
    record: statement.id,
    issuer: document.issuer,
    origin: receipt.value.head.origin,
    logIndex: receipt.value.index,
    loggedAt,
  });
}

const fault = (code: RowProofFault['code'], detail: string): Result<never, RowProofFault> => refuse({ code, detail });

function readProof(text: string): Result<RowProof, string> {
  if (text.length > limits.rowProofBytes) return refuse(`larger than ${limits.rowProofBytes} bytes`);
  const json = parseJson(text);
  if (!json.ok) return refuse(json.reason.detail);
  const parsed = RowProof.safeParse(json.value);
  if (!parsed.success) {
    const issue = issuesOf(parsed.error)[0];
    return refuse(`not the proof of a row: ${issue?.path} ${issue?.message}`);
  }
  return canonicalJson(json.value) === text ? ok(parsed.data) : refuse('not in canonical form');
}

interface OpenedRecord {
  statement: ParsedStatement;
  document: Statement<'DatasetRecord'>;
  loggedAt: string;
}

/** The record, if it is what the receipt's entry names. Its signature is still to be judged. */
function openRecord(value: Json, receipt: Receipt & { head: Checkpoint }): Result<OpenedRecord, RowProofFault> {
  if (!provesInclusion(receipt, receipt.head)) {
    return fault('log.inclusion', `the receipt does not place its entry at index ${receipt.index}`);
  }
  const entry = parseEntry(receipt.entry);
  if (entry === null) return fault('log.inclusion', 'the entry is malformed');
  const statement = readStatement(value);
  if (!statement.ok) return fault('statement.digest', `the record is ${statement.reason.detail}`);
  const { id, kind, document } = statement.value;
  if (id !== entry.id || kind !== entry.kind) {
    return fault('statement.digest', `the statement has id ${id}, the log has ${entry.id}`);
  }
  if (!isKind(document, 'DatasetRecord')) return fault('statement.digest', `${id} is no dataset record`);
  return ok({ statement: statement.value, document, loggedAt: entry.loggedAt });
}

/** The file, if the record's content has it and it has the row. */
function openFile(
  { row, file }: RowProof,
  { credentialSubject: { content } }: Statement<'DatasetRecord'>,
): Result<ProvenRow['file'], RowProofFault> {
  if (content === undefined) return fault('file.inclusion', 'the record has no content of its own');
  const line = parseManifestFile(file.line);
  if (!line.ok) return fault('file.inclusion', `the file’s line of the manifest: ${line.reason}`);
  // The header comes before the files.
  if (!isIncluded(file, content.files + 1, leafHash(utf8(file.line)), content.root)) {
    return fault('file.inclusion', `the record’s content has no such file at line ${file.index}`);
  }
  const { path, sha256, rows } = line.value;
  if (rows === undefined) return fault('row.inclusion', 'the file’s rows are not addressed');
  if (!isIncluded(row, rows.count, digestToBytes(row.digest), rows.root)) {
    return fault('row.inclusion', `the file has no such row at ${row.index}`);
  }
  return ok({ path, sha256, rows });
}

const isIncluded = ({ index, proof }: RowProof['file' | 'row'], size: number, leaf: Hash, root: Digest): boolean =>
  // The schema has seen that each is 32 bytes.
  verifyInclusion(
    index,
    size,
    leaf,
    proof.map((node) => fromBase64(node) as Bytes),
    digestToBytes(root),
  );

async function judge(
  head: Checkpoint,
  trust: TrustPolicy,
  verify: VerifySignature,
): Promise<Result<true, RowProofFault>> {
  const { log, quorum } = await judgeCheckpoint(head, trust, verify);
  if (!log.ok) return fault('log.checkpoint', log.reason);
  if (!quorum.ok) return fault('log.witnesses', quorum.reason);
  // A signature that nobody checks could be anything at all.
  if (head.note.signatures.length !== 1 + quorum.value) {
    return fault(
      'log.checkpoint',
      'the checkpoint has signatures besides those of its log and the witnesses you trust',
    );
  }
  return ok(true);
}
