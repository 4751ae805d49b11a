import type { NativeEd25519 } from './verify.ts';

/** The Ed25519 of the platform's WebCrypto, off the main thread where the platform can. */
export const nativeEd25519: NativeEd25519<CryptoKey> = {
  importKey: (publicKey) => crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']),
  verify: (key, signature, message) => crypto.subtle.verify('Ed25519', key, signature, message),
};
