import { fromBase64, fromUtf8, toBase64, utf8, type Bytes } from '../bytes.ts';
import { limits } from '../../schemas/limits.ts';
import { ok, refuse, type Result } from '../result.ts';
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { leafHash, verifyInclusion, type Hash } from './merkle.ts';

/** A C2SP tlog-proof: one entry, where it is, and why that is so. */
export interface Receipt {
  /** The entry's text, carried in `extra`: authenticated only once {@link verifyReceipt} says so. */
  entry: string;
  index: number;
  proof: Hash[];
  /** The checkpoint's text, verbatim. */
  checkpoint: string;
}

const HEADER = 'c2sp.org/tlog-proof@v1';

/** Its text; `textOf` writes a hash, for those who write receipts whose proofs share most of theirs. */
export function encodeReceipt(receipt: Receipt, textOf: (hash: Hash) => string = toBase64): string {
  const lines = [
    HEADER,
    `extra ${toBase64(utf8(receipt.entry))}`,
    `index ${receipt.index}`,
    ...receipt.proof.map((hash) => textOf(hash)),
  ];
  return `${lines.join('\n')}\n\n${receipt.checkpoint}`;
}

export function parseReceipt(text: string): Result<Receipt & { head: Checkpoint }, string> {
  if (text.length > limits.noteBytes) return refuse(`larger than ${limits.noteBytes} bytes`);
  const split = text.indexOf('\n\n');
  if (split < 0) return refuse('has no checkpoint');
  const [header, ...lines] = text.slice(0, split).split('\n');
  if (header !== HEADER) return refuse(`does not begin with ${HEADER}`);
  const extra = lines[0]?.startsWith('extra ') ? fromBase64((lines.shift() as string).slice('extra '.length)) : null;
  const entry = extra === null ? null : fromUtf8(extra);
  if (entry === null) return refuse('carries no entry');
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined || !Number.isSafeInteger(Number(index))) return refuse('has a malformed index');
  const proof = lines.map(fromBase64);
  if (proof.length > 64 || proof.some((hash) => hash?.length !== 32)) return refuse('has a malformed proof');
  const checkpoint = text.slice(split + 2);
  const head = parseCheckpoint(checkpoint);
  if (!head.ok) return refuse(`its checkpoint ${head.reason}`);
  return ok({ entry, index: Number(index), proof: proof as Bytes[], checkpoint, head: head.value });
}

/** Whether a receipt's proof binds its entry to its own checkpoint. The checkpoint's signatures are judged apart. */
export const provesInclusion = (receipt: Receipt, head: Checkpoint): boolean =>
  verifyInclusion(receipt.index, head.size, leafHash(utf8(receipt.entry)), receipt.proof, head.root);
