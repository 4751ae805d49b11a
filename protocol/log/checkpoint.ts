import { fromBase64, toBase64 } from '../bytes.ts';
import type { Signer } from '../ed25519/signer.ts';
import { ok, refuse, type Result } from '../result.ts';
import { EMPTY_ROOT, type Hash } from './merkle.ts';
import { isKeyName, parseNote, signNote, type Note } from './note.ts';

/** A tree head (C2SP tlog-checkpoint). */
export interface TreeHead {
  origin: string;
  size: number;
  root: Hash;
}

export interface Checkpoint extends TreeHead {
  note: Note;
}

export const checkpointText = ({ origin, size, root }: TreeHead): string => `${origin}\n${size}\n${toBase64(root)}\n`;

/** The checkpoint as the log publishes it, signed under its origin's name. */
export const signCheckpoint = (head: TreeHead, signer: Signer): Promise<string> =>
  signNote(checkpointText(head), head.origin, signer);

/** Reads a checkpoint strictly: three lines, canonical decimals and base64, no extension lines. */
export function parseCheckpoint(text: string): Result<Checkpoint, string> {
  const note = parseNote(text);
  if (!note.ok) return note;
  const lines = note.value.text.split('\n');
  const [origin = '', sizeText = '', rootText = ''] = lines;
  if (lines.length !== 4) return refuse('is not three lines');
  const size = /^(0|[1-9]\d{0,15})$/.test(sizeText) ? Number(sizeText) : NaN;
  const root = fromBase64(rootText);
  if (!isKeyName(origin)) return refuse('has no usable origin');
  if (!Number.isSafeInteger(size)) return refuse('has a malformed size');
  if (root?.length !== 32) return refuse('has a malformed root hash');
  const head = { origin, size, root };
  if (checkpointText(head) !== note.value.text) return refuse('is not in canonical form');
  if (size === 0 && toBase64(root) !== toBase64(EMPTY_ROOT)) return refuse('names a wrong root for the empty tree');
  return ok({ ...head, note: note.value });
}
