import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { toHex, utf8, type Bytes } from '../bytes.ts';

/**
 * SHA-256 (FIPS 180-4) wherever JavaScript runs, of bytes or of a text's UTF-8: WebCrypto's is asynchronous, which a
 * Merkle tree cannot use.
 */
export const sha256 = (data: Uint8Array | string): Bytes => nobleSha256(typeof data === 'string' ? utf8(data) : data);

/** The same in lowercase hex. */
export const sha256Hex = (data: Uint8Array | string): string => toHex(sha256(data));
