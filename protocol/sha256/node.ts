import { createHash, hash } from 'node:crypto';
import type { Bytes } from '../bytes.ts';
import { foldFours, type FoldFours } from './four-nodes.ts';
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
