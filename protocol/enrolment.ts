import type { Did } from '../schemas/primitives.ts';
import { utf8, toHex, type Bytes } from './bytes.ts';
import { sha256Bytes } from './digest.ts';

/**
 * What a contributor's key signs to prove that they hold it. It names its purpose, so it is no other signature; the
 * issuer, so that no other issuer can pass it on; and the key and the challenge, so that it serves once.
 */
export const possessionMessage = (issuerUrl: string, did: Did, challenge: string): Bytes =>
  utf8(`firsthand/proof-of-possession/v1\n${issuerUrl}\n${did}\n${challenge}\n`);

/** A key in a form that a person can compare: the first 8 bytes of its DID's SHA-256, `3f2a 91bc 0d4e 77aa`. */
export const fingerprintOf = (did: Did): string =>
  (toHex(sha256Bytes(utf8(did)).subarray(0, 8)).match(/.{4}/g) ?? []).join(' ');
