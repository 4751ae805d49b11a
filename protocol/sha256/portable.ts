import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from '../bytes.ts';

/** SHA-256 (FIPS 180-4) wherever JavaScript runs: WebCrypto's is asynchronous, which a Merkle tree cannot use. */
export const sha256 = (data: Uint8Array): Bytes => nobleSha256(data);
