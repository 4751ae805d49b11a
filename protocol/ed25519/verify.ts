import { nativeEd25519 } from '#ed25519';
import { hashes, Point, verify as nobleVerify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import type { Bytes } from '../bytes.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { decodePublicKey, isAcceptableSignature, isValidPublicKey } from './rule.ts';
import { hasNativeX25519, isTorsionFreeNatively } from './torsion.ts';

hashes.sha512 = sha512 as typeof hashes.sha512;

/** Judges one signature by the rule of rule.ts. Malformed input is `false`; it never throws or rejects. */
export type VerifySignature = (signature: Bytes, message: Bytes, publicKey: Bytes) => Promise<boolean>;

/** In noble's arithmetic alone: for platforms without native Ed25519, and to cross-check those that have it. */
export const verifyWithNoble: VerifySignature = async (signature, message, publicKey) => {
  if (!isAcceptableSignature(signature) || !isValidPublicKey(publicKey)) return false;
  try {
    // noble's equation has the cofactor in it. With A and R both free of torsion the two equations agree.
    const r = Point.fromBytes(signature.subarray(0, 32), false);
    return r.isTorsionFree() && nobleVerify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
};

/** A platform's own Ed25519: how it holds a key, and its cofactorless equation. */
export interface NativeEd25519<Key> {
  importKey(publicKey: Bytes): Key | Promise<Key>;
  verify(key: Key, signature: Bytes, message: Bytes): boolean | Promise<boolean>;
}

/**
 * The rule around a platform's equation. A key is judged once and then remembered; null stands for one that failed. Once
 * its key is known, a signature is with the platform before the call returns.
 */
export function verifyWith<Key>(platform: NativeEd25519<Key>): VerifySignature {
  const keys = new BoundedCache<string, { judging: Promise<Key | null>; judged?: Key | null }>(4096);
  const judge = async (publicKey: Bytes): Promise<Key | null> =>
    (await isValidKey(publicKey)) ? platform.importKey(publicKey) : null;
  return async (signature, message, publicKey) => {
    if (!isAcceptableSignature(signature) || publicKey.length !== 32) return false;
    const known = keys.get(Reflect.apply(String.fromCharCode, null, publicKey), () => ({ judging: judge(publicKey) }));
    const key = known.judged === undefined ? (known.judged = await known.judging) : known.judged;
    return key !== null && (await platform.verify(key, signature, message));
  };
}

/** The verdict of {@link isValidPublicKey}, by the quickest way there is. */
async function isValidKey(publicKey: Bytes): Promise<boolean> {
  if (!(await hasNativeX25519())) return isValidPublicKey(publicKey);
  const point = decodePublicKey(publicKey);
  return point !== null && isTorsionFreeNatively(point);
}

/** With the platform's own Ed25519: some twenty times faster, and mostly off the main thread where the platform can. */
export const verifyNatively: VerifySignature = verifyWith(nativeEd25519);

/** Whether this platform's WebCrypto knows Ed25519. */
export async function hasNativeEd25519(): Promise<boolean> {
  native ??= crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']).then(
    () => true,
    () => false,
  );
  return native;
}
let native: Promise<boolean> | undefined;

/** The fastest way this platform has; the verdict is the same everywhere. */
export const verifySignature: VerifySignature = (signature, message, publicKey) =>
  fastest === undefined
    ? findFastest().then((verify) => verify(signature, message, publicKey))
    : fastest(signature, message, publicKey);
let fastest: VerifySignature | undefined;

const findFastest = async (): Promise<VerifySignature> =>
  (fastest ??= (await hasNativeEd25519()) ? verifyNatively : verifyWithNoble);
