import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { toBase64Url, utf8 } from './bytes.ts';
import { canonicalJson } from './json.ts';

/**
 * What an issuer calls a person in public: HMAC-SHA-256, in base64url, of how it knows them, under a secret of its own.
 * The same person always gets the same value from this issuer; nobody else can tell who it is, or link it to another's.
 */
export const nullifierOf = (secret: Uint8Array, reference: string): string =>
  toBase64Url(hmac(sha256, secret, utf8(reference)));

/** How an issuer knows someone who logged in: the provider and its name for them (OpenID Connect Core §5.7). */
export const loginReference = (provider: string, subject: string): string =>
  canonicalJson(['firsthand/nullifier/oidc/v1', provider, subject]);
