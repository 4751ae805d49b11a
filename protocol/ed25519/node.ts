import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { toBase64Url, type Bytes } from '../bytes.ts';
import { shared } from './sharing.ts';
import type { NativeEd25519 } from './verify.ts';

interface Signed {
  key: KeyObject;
  signature: Bytes;
  message: Bytes;
}

/** Threads that Node has for such work, unless told otherwise. */
const POOL = 4;

/** The Ed25519 of the OpenSSL that Node carries, shared between so many other threads and the calling one. */
export function nativeEd25519With(threads: number): NativeEd25519<KeyObject> {
  const verifyShared = shared<Signed>({
    there: ({ key, signature, message }) =>
      new Promise((resolve, reject) => {
        verify(null, message, key, signature, (error, isValid) => (error === null ? resolve(isValid) : reject(error)));
      }),
    here: ({ key, signature, message }) => verify(null, message, key, signature),
    // Two for each thread: one that is done waits until the caller hears of it.
    others: 2 * threads,
    later: setImmediate,
  });
  return {
    importKey: (publicKey) =>
      createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) } }),
    verify: (key, signature, message) => verifyShared({ key, signature, message }),
  };
}

/** The same with all the cores that this machine has. */
export const nativeEd25519 = nativeEd25519With(Math.min(POOL, availableParallelism() - 1));
