import { limits } from '../../schemas/limits.ts';
import { concatBytes, fromBase64, fromHex, toBase64, toHex, utf8, type Bytes } from '../bytes.ts';
import { sha256Bytes } from '../digest.ts';
import type { Signer } from '../ed25519/signer.ts';
import type { VerifySignature } from '../ed25519/verify.ts';
import { isValidPublicKey } from '../ed25519/rule.ts';
import { ok, refuse, type Result } from '../result.ts';

/** C2SP signed-note: signature types. */
export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;

/** A note's verifier key: whose signature counts, and how it is made. */
export interface VerifierKey {
  name: string;
  type: typeof ED25519 | typeof COSIGNATURE;
  publicKey: Bytes;
  /** Key id in 8 hex digits. */
  id: string;
}

export interface NoteSignature {
  name: string;
  id: string;
  signature: Bytes;
}

export interface Note {
  /** Signed text, its last newline included. */
  text: string;
  signatures: NoteSignature[];
}

// Unicode spaces and plus are excluded by the standard.
const NAME = /^[^\s+\p{Cc}]+$/u;
const MAX_SIGNATURES = 64;

export const isKeyName = (name: string): boolean => name.length <= 255 && NAME.test(name) && name.isWellFormed();

export function keyIdOf(name: string, type: number, publicKey: Uint8Array): string {
  return toHex(sha256Bytes(concatBytes(utf8(name), Uint8Array.of(0x0a, type), publicKey)).subarray(0, 4));
}

/** `NAME+keyId+base64(type ‖ publicKey)`. */
export const encodeVkey = (key: VerifierKey): string =>
  `${key.name}+${key.id}+${toBase64(concatBytes(Uint8Array.of(key.type), key.publicKey))}`;

/** The verifier key of a log or a witness. Throws RangeError where the name is not one. */
export function verifierKey(name: string, type: VerifierKey['type'], publicKey: Bytes): VerifierKey {
  if (!isKeyName(name)) throw new RangeError('name: empty, or has a space, a plus or a control character');
  return { name, type, publicKey, id: keyIdOf(name, type, publicKey) };
}

export function parseVkey(text: string): Result<VerifierKey, string> {
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text);
  const name = match?.[1] ?? '';
  const data = fromBase64(match?.[3] ?? '');
  if (match === null || data === null || !isKeyName(name)) return refuse('not of the form name+keyid+base64');
  const type = data[0];
  if (type !== ED25519 && type !== COSIGNATURE) return refuse(`key type ${type} is not supported`);
  const key = verifierKey(name, type, data.slice(1));
  if (!isValidPublicKey(key.publicKey)) return refuse('not a valid Ed25519 public key');
  return key.id === match[2] ? ok(key) : refuse(`key id should be ${key.id}`);
}

/** Reads a note strictly (C2SP signed-note). Signatures are judged by the caller. */
export function parseNote(note: string): Result<Note, string> {
  if (note.length > limits.noteBytes) return refuse(`larger than ${limits.noteBytes} bytes`);
  // oxlint-disable-next-line no-control-regex
  if (!note.isWellFormed() || /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(note)) {
    return refuse('has a control character');
  }
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return refuse('has no empty line before its signatures');
  const text = note.slice(0, split + 1);
  const lines = note
    .slice(split + 2)
    .split('\n')
    .slice(0, -1);
  if (lines.length === 0 || lines.length > MAX_SIGNATURES) return refuse(`has ${lines.length} signatures`);
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const match = /^— (\S+) (\S+)$/u.exec(line);
    const bytes = fromBase64(match?.[2] ?? '');
    if (match === null || !isKeyName(match[1] as string) || bytes === null || bytes.length < 5) {
      return refuse('has a malformed signature line');
    }
    signatures.push({ name: match[1] as string, id: toHex(bytes.subarray(0, 4)), signature: bytes.slice(4) });
  }
  return ok({ text, signatures });
}

/** One signature line, newline included. */
export function signatureLine(key: Pick<VerifierKey, 'name' | 'id'>, signature: Uint8Array): string {
  return `— ${key.name} ${toBase64(concatBytes(fromHex(key.id) as Bytes, signature))}\n`;
}

/** Signs a text as a note with one Ed25519 signature. */
export async function signNote(text: string, name: string, signer: Signer): Promise<string> {
  const key = verifierKey(name, ED25519, signer.publicKey);
  return `${text}\n${signatureLine(key, await signer.sign(utf8(text)))}`;
}

/**
 * Which of the known keys signed the note. Signatures by other keys are ignored; a known key whose signature fails
 * rejects the whole note, as does the absence of any known one.
 */
export async function verifyNote(
  note: Note,
  known: readonly VerifierKey[],
  verify: VerifySignature,
): Promise<Result<VerifierKey[], string>> {
  const signers: VerifierKey[] = [];
  for (const { name, id, signature } of note.signatures) {
    const key = known.find((candidate) => candidate.name === name && candidate.id === id);
    if (key === undefined || signers.includes(key)) continue;
    if (!(await verifyLine(key, signature, note.text, verify))) return refuse(`the signature of ${name} is wrong`);
    signers.push(key);
  }
  return signers.length > 0 ? ok(signers) : refuse('carries no signature by a known key');
}

function verifyLine(key: VerifierKey, signature: Bytes, text: string, verify: VerifySignature): Promise<boolean> {
  if (key.type === ED25519) return verify(signature, utf8(text), key.publicKey);
  // C2SP tlog-cosignature: uint64 seconds, then Ed25519 over a header that repeats them.
  if (signature.length !== 72) return Promise.resolve(false);
  const seconds = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  if (seconds === 0n) return Promise.resolve(false);
  return verify(signature.slice(8), utf8(`cosignature/v1\ntime ${seconds}\n${text}`), key.publicKey);
}
