import { createPrivateKey, sign, verify } from 'node:crypto';
import { toBase64Url, type Bytes } from '../../protocol/bytes.ts';
import { nativeEd25519 } from '../../protocol/ed25519/node.ts';
import { signerFromSeed, type Signer } from '../../protocol/ed25519/signer.ts';
import { verifyWith, type VerifySignature } from '../../protocol/ed25519/verify.ts';

/** Node's own Ed25519 in the calling thread: for threads that do little else, without a job and a wake-up each. */
export const verifyInThread: VerifySignature = verifyWith({
  ...nativeEd25519,
  verify: (key, signature, message) => verify(null, message, key, signature),
});

/** A signer for a 32-byte RFC 8032 seed that signs in the calling thread. Throws RangeError on any other length. */
export async function signerInThread(seed: Bytes): Promise<Signer> {
  const { publicKey, did } = await signerFromSeed(seed);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey), d: toBase64Url(seed) };
  const key = createPrivateKey({ format: 'jwk', key: jwk });
  return { publicKey, did, sign: async (message) => new Uint8Array(sign(null, message, key)) };
}
