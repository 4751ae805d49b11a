import { createHash, hash } from 'node:crypto';
import type { Bytes } from '../bytes.ts';
import { foldFours, type FoldFours } from './four-nodes.ts';
import { sha256CutsBy, type Cut } from './cut.ts';
import { foldPairsBy } from './pairs.ts';

/**
 * SHA-256 (FIPS 180-4) by the OpenSSL that Node carries, of bytes or of a text's UTF-8. The digest comes as text of one
 * byte a character: a Buffer of its own, outside the heap, takes twice the time.
 */
export function sha256(data: Uint8Array | string): Bytes {
  const digest = hash('sha256', data, 'binary');
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 32; i++) bytes[i] = digest.charCodeAt(i);
  return bytes;
}

/** The same in lowercase hex. */
export const sha256Hex = (data: Uint8Array | string): string => hash('sha256', data, 'hex');

type Write = (this: Uint8Array, text: string, at: number, length: number) => number;
const latin1Write = Reflect.get(Buffer.prototype, 'latin1Write') as Write;

/**
 * Writes the SHA-256 of `data`, bytes or a text's UTF-8, into `out` at `at`. For millions of short inputs: a digest that comes as text of one byte a
 * character and is written from there takes a third of the time of one that comes as a Buffer of its own.
 */
export function sha256Into(data: Uint8Array | string, out: Uint8Array, at: number): void {
  latin1Write.call(out, hash('sha256', data, 'binary'), at, 32);
}

/** Characters of the longest text that is written out as below. */
const LONGEST = 64 * 1024;
/** A text's UTF-16 units, two in each number; its bytes, if it is ASCII; and what is left of these by a cut. */
const units = new Uint32Array(LONGEST / 2);
const unitBytes = Buffer.from(units.buffer);
const [whole, left] = [Buffer.alloc(LONGEST), Buffer.alloc(LONGEST)];
/** Bits that two ASCII characters do not have there, in whatever order this machine has bytes. */
const [BEYOND_ASCII = 0] = new Uint32Array(Uint8Array.of(0x80, 0xff, 0x80, 0xff).buffer);

/**
 * The SHA-256 of a text in lowercase hex; those of its cuts are written into `out`, one after the other. Making UTF-8 of text
 * of two bytes a character, as pieces of a certificate are, takes Node longer than hashing it: if it is ASCII its bytes
 * are taken as they are, and only once.
 */
export function sha256Cuts(text: string, cuts: readonly Cut[], out: Uint8Array): string {
  if (text.length > LONGEST || !isAscii(text)) return sha256CutsBy({ sha256Hex, sha256Into }, text, cuts, out);
  whole.write(text, 'latin1');
  for (const [i, { from, skipFrom, skipTo, to }] of cuts.entries()) {
    whole.copy(left, 0, from, skipFrom);
    whole.copy(left, skipFrom - from, skipTo, to);
    sha256Into(left.subarray(0, skipFrom - from + to - skipTo), out, 32 * i);
  }
  return sha256Hex(whole.subarray(0, text.length));
}

/** Of a text that is not longer than {@link LONGEST}. */
function isAscii(text: string): boolean {
  const end = Math.ceil(text.length / 2);
  units[end - 1] = 0;
  unitBytes.write(text, 'utf16le');
  let seen = 0;
  for (let i = 0; i < end; i++) seen |= units[i] as number;
  return (seen & BEYOND_ASCII) === 0;
}

/** So many pairs take as long as it takes to make what hashes four at once. */
const WORTH_FOURS = 32_768;
let pairsUntilFours = WORTH_FOURS;
let fours: FoldFours | null = null;

/** Replaces `pairs` pairs of digests, at the start of `digests`, by their nodes: SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1. */
export function foldPairs(digests: Uint8Array, pairs: number): void {
  if (pairsUntilFours > 0 && (pairsUntilFours -= pairs) <= 0) fours = foldFours();
  const inFours = fours === null ? 0 : pairs - (pairs % 4);
  fours?.(digests, inFours / 4);
  foldPairsBy(sha256Into, digests, inFours, pairs);
}

/** SHA-256 of what comes in pieces. */
export interface StreamingSha256 {
  update(piece: Uint8Array): void;
  /** Lowercase hex. Ends it. */
  digest(): string;
}

export function createSha256(): StreamingSha256 {
  const running = createHash('sha256');
  return { update: (piece) => void running.update(piece), digest: () => running.digest('hex') };
}
