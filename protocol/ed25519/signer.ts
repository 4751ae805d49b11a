import { getPublicKeyAsync, signAsync } from '@noble/ed25519';
import type { Did } from '../../schemas/primitives.ts';
import { concatBytes, type Bytes } from '../bytes.ts';
import { didFromPublicKey } from '../did-key.ts';
import { hasNativeEd25519 } from './verify.ts';

/** Holds a private key and never shows it. */
export interface Signer {
  readonly publicKey: Bytes;
  readonly did: Did;
  sign(message: Bytes): Promise<Bytes>;
}

/** PKCS #8 header of an Ed25519 private key (RFC 8410 §7); the 32-byte seed follows. */
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/** A signer for a 32-byte RFC 8032 seed. Throws RangeError on any other length. */
export async function signerFromSeed(seed: Bytes): Promise<Signer> {
  if (seed.length !== 32) throw new RangeError(`seed: expected 32 bytes, got ${seed.length}`);
  const publicKey = (await getPublicKeyAsync(seed)) as Bytes;
  const did = didFromPublicKey(publicKey);
  if (!(await hasNativeEd25519())) {
    const secret = seed.slice();
    return { publicKey, did, sign: async (message) => await signAsync(message, secret) };
  }
  const key = await crypto.subtle.importKey('pkcs8', concatBytes(PKCS8, seed) as Bytes, 'Ed25519', false, ['sign']);
  return { publicKey, did, sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, message)) };
}
