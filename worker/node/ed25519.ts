import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { toBase64Url } from '../../protocol/bytes.ts';
import { verifyWith, type VerifySignature } from '../../protocol/ed25519/verify.ts';

/** Node's own Ed25519 in the calling thread: for threads that do little else, without a job and a wake-up each. */
export const verifyInThread: VerifySignature = verifyWith<KeyObject>({
  importKey: (publicKey) =>
    createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) } }),
  verify: (key, signature, message) => verify(null, message, key, signature),
});
