import type { Submitted } from '../schemas/api.ts';
import type { LogEntry } from '../schemas/log-entry.ts';
import type { StatementId } from '../schemas/primitives.ts';
import { verifySignature } from '../protocol/ed25519/verify.ts';
import { parseCheckpoint, type Checkpoint } from '../protocol/log/checkpoint.ts';
import { parseEntry } from '../protocol/log/entry.ts';
import { parseReceipt, provesInclusion } from '../protocol/log/receipt.ts';
import { judgeCheckpoint, type TrustPolicy } from '../protocol/log/trust.ts';
import { ok, refuse, type Result } from '../protocol/result.ts';
import { UntrustedError } from './errors.ts';

/** A checkpoint that its log signed and a quorum of witnesses cosigned, with its text. */
export interface TrustedCheckpoint extends Checkpoint {
  /** Verbatim, cosignatures included. */
  checkpoint: string;
}

/** A receipt that holds: where the log has the statement, and since when. */
export interface VerifiedReceipt {
  entry: LogEntry;
  index: number;
  head: Checkpoint;
}

/** Reads a checkpoint from an untrusted source and judges it by `trust`. */
export async function openCheckpoint(text: string, trust: TrustPolicy): Promise<Result<TrustedCheckpoint, string>> {
  const parsed = parseCheckpoint(text);
  if (!parsed.ok) return refuse(`the checkpoint ${parsed.reason}`);
  const judged = await judgeCheckpoint(parsed.value, trust, verifySignature);
  if (!judged.log.ok) return judged.log;
  return judged.quorum.ok ? ok({ ...parsed.value, checkpoint: text }) : judged.quorum;
}

/** Opens each checkpoint once: the statements of one commit share theirs. */
export function openOnce(): typeof openCheckpoint {
  const opened = new Map<string, ReturnType<typeof openCheckpoint>>();
  return (text, trust) => {
    let opening = opened.get(text);
    if (opening === undefined) opened.set(text, (opening = openCheckpoint(text, trust)));
    return opening;
  };
}

/** Whether an untrusted receipt shows that the log which `trust` names holds statement `id`. */
export async function verifyReceipt(
  text: string,
  id: StatementId,
  trust: TrustPolicy,
  open = openCheckpoint,
): Promise<Result<VerifiedReceipt, string>> {
  const receipt = parseReceipt(text);
  if (!receipt.ok) return refuse(`the receipt ${receipt.reason}`);
  const judged = await open(receipt.value.checkpoint, trust);
  if (!judged.ok) return judged;
  const { head, index } = receipt.value;
  if (!provesInclusion(receipt.value, head)) return refuse('the receipt does not place its entry in the log');
  // The entry is authentic from here on; it must also be the one asked for.
  const entry = parseEntry(receipt.value.entry);
  if (entry === null) return refuse('the receipt’s entry is malformed');
  return entry.id === id ? ok({ entry, index, head }) : refuse(`the receipt is for ${entry.id}`);
}

/** Checks what a submission was answered against the receipt that came with it. */
export async function verifySubmission(
  submitted: Submitted,
  id: StatementId,
  trust: TrustPolicy,
  open = openCheckpoint,
): Promise<Submitted> {
  const verified = await verifyReceipt(submitted.receipt, id, trust, open);
  if (!verified.ok) throw new UntrustedError(verified.reason);
  const { index, entry } = verified.value;
  if (submitted.id !== id || submitted.index !== index || submitted.loggedAt !== entry.loggedAt) {
    throw new UntrustedError('the registry’s answer and its receipt differ');
  }
  return submitted;
}
