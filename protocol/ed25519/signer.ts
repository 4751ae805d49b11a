import { getPublicKeyAsync, signAsync } from '@noble/ed25519';
import type { Did } from '../../schemas/primitives.ts';
import { concatBytes, fromBase64Url, type Bytes } from '../bytes.ts';
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
  const { publicKey, sign } = (await hasNativeEd25519()) ? await nativeKey(seed) : await nobleKey(seed.slice());
  return { publicKey, did: didFromPublicKey(publicKey), sign };
}

type Key = Pick<Signer, 'publicKey' | 'sign'>;

/** The platform tells the public key: in noble's arithmetic that takes as long as some hundred signatures. */
export async function nativeKey(seed: Bytes): Promise<Key> {
  const pkcs8 = concatBytes(PKCS8, seed) as Bytes;
  const importKey = (isExtractable: boolean): Promise<CryptoKey> =>
    crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', isExtractable, ['sign']);
  const { x = '' } = await crypto.subtle.exportKey('jwk', await importKey(true));
  const publicKey = fromBase64Url(x);
  if (publicKey?.length !== 32) throw new Error('this platform does not tell the public key of an Ed25519 private key');
  const key = await importKey(false);
  return {
    publicKey,
    sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, message)),
  };
}

/** In noble's arithmetic, for platforms without native Ed25519. Keeps the seed. */
export const nobleKey = async (secret: Bytes): Promise<Key> => ({
  publicKey: await getPublicKeyAsync(secret),
  sign: async (message) => await signAsync(message, secret),
});
