import type { Bytes } from '../bytes.ts';
import { shared } from './sharing.ts';
import type { NativeEd25519 } from './verify.ts';

interface Signed {
  key: CryptoKey;
  signature: Bytes;
  message: Bytes;
}

const verifyShared = shared<Signed>({
  there: ({ key, signature, message }) => crypto.subtle.verify('Ed25519', key, signature, message),
  here: null,
  others: Infinity,
  later: queueMicrotask,
});

/** The Ed25519 of the platform's WebCrypto, off the main thread where the platform can. */
export const nativeEd25519: NativeEd25519<CryptoKey> = {
  importKey: (publicKey) => crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']),
  verify: (key, signature, message) => verifyShared({ key, signature, message }),
};
