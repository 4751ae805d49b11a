import { Did } from '../schemas/primitives.ts';
import { BoundedCache } from './bounded-cache.ts';
import { concatBytes, fromBase58, toBase58, type Bytes } from './bytes.ts';

/** Multicodec `ed25519-pub` (0xed) as an unsigned varint. */
const ED25519_PUB = Uint8Array.of(0xed, 0x01);

/** `did:key` of a 32-byte Ed25519 public key (W3C did:key §3.1). */
export function didFromPublicKey(publicKey: Uint8Array): Did {
  if (publicKey.length !== 32) throw new RangeError(`publicKey: expected 32 bytes, got ${publicKey.length}`);
  return `did:key:z${toBase58(concatBytes(ED25519_PUB, publicKey))}` as Did;
}

/** The public key inside a did:key; null where the text decodes to anything else. The key itself is not judged here. */
export function publicKeyFromDid(did: string): Bytes | null {
  // What is longer is no key of this kind, and would be remembered.
  if (did.length > 64) return null;
  return keys.get(did, () => ({ key: decode(did) })).key?.slice() ?? null;
}

/** Statements come in numbers by the same signers, and base58 is slow. */
const keys = new BoundedCache<string, { key: Bytes | null }>(4096);

function decode(did: string): Bytes | null {
  if (!Did.safeParse(did).success) return null;
  const bytes = fromBase58(did.slice('did:key:z'.length));
  if (bytes?.length !== 34 || bytes[0] !== ED25519_PUB[0] || bytes[1] !== ED25519_PUB[1]) return null;
  return bytes.slice(2);
}

/** The one verification method of a did:key: `<did>#<multibase key>`. */
export const verificationMethodOf = (did: Did): string => `${did}#${did.slice('did:key:'.length)}`;
