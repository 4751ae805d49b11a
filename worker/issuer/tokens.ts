import { toBase64Url, utf8, type Bytes } from '../../protocol/bytes.ts';
import { sha256Bytes } from '../../protocol/digest.ts';

/** Random bytes in base64url. */
export const randomToken = (bytes = 32): string => toBase64Url(crypto.getRandomValues(new Uint8Array(bytes)));

/** What is stored of a secret that is random through and through. */
export const hashOf = (token: string): Bytes => sha256Bytes(utf8(token));

/** Consonants that nobody mistakes for one another (RFC 8628 §6.1): 20⁸ codes, and a handful of tries. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

export function randomUserCode(): string {
  let code = '';
  while (code.length < 8) {
    // 240 is the largest multiple of 20 in a byte: above it, some letters would come more often than others.
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) {
      if (byte < 240 && code.length < 8) code += LETTERS[byte % LETTERS.length];
    }
  }
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** A code as people type it: in any case, with or without its dash. */
export const readUserCode = (typed: string): string =>
  typed
    .slice(0, 64)
    .toUpperCase()
    .replaceAll(/[^A-Z]/g, '')
    .replace(/^(.{4})(.{4})$/, '$1-$2');
