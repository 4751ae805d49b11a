import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { toHex, utf8, type Bytes } from '../bytes.ts';
import { sha256CutsBy, type Cut } from './cut.ts';
import { foldPairsBy } from './pairs.ts';

/**
 * SHA-256 (FIPS 180-4) wherever JavaScript runs, of bytes or of a text's UTF-8: WebCrypto's is asynchronous, which a
 * Merkle tree cannot use.
 */
export const sha256 = (data: Uint8Array | string): Bytes => nobleSha256(typeof data === 'string' ? utf8(data) : data);

/** The same in lowercase hex. */
export const sha256Hex = (data: Uint8Array | string): string => toHex(sha256(data));

/** Writes the SHA-256 of `data`, bytes or a text's UTF-8, into `out` at `at`. */
export function sha256Into(data: Uint8Array | string, out: Uint8Array, at: number): void {
  out.set(sha256(data), at);
}

/** The SHA-256 of a text in lowercase hex; those of its cuts are written into `out`, one after the other. */
export const sha256Cuts = (text: string, cuts: readonly Cut[], out: Uint8Array): string =>
  sha256CutsBy({ sha256Hex, sha256Into }, text, cuts, out);

/** Replaces `pairs` pairs of digests, at the start of `digests`, by their nodes: SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1. */
export const foldPairs = (digests: Uint8Array, pairs: number): void => foldPairsBy(sha256Into, digests, 0, pairs);

/** SHA-256 of what comes in pieces. */
export interface StreamingSha256 {
  update(piece: Uint8Array): void;
  /** Lowercase hex. Ends it. */
  digest(): string;
}

export function createSha256(): StreamingSha256 {
  const running = nobleSha256.create();
  return { update: (piece) => void running.update(piece), digest: () => toHex(running.digest()) };
}
