import { base58, base64, base64urlnopad } from '@scure/base';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export { bytesToHex as toHex, concatBytes };

/** Bytes backed by a plain buffer, which every platform's Web APIs accept. */
export type Bytes = Uint8Array<ArrayBuffer>;

export const utf8 = (text: string): Bytes => encoder.encode(text);

/** Text of UTF-8 bytes, or null where they are not UTF-8. A byte-order mark is kept. */
export function fromUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** The platform's own, which takes text of one byte a character. Short inputs only: each byte is an argument. */
export const toBase64 = (bytes: Uint8Array): string =>
  bytes.length > 4096 ? base64.encode(bytes) : btoa(Reflect.apply(String.fromCharCode, null, bytes));
export const toBase64Url = (bytes: Uint8Array): string => base64urlnopad.encode(bytes);
export const toBase58 = (bytes: Uint8Array): string => base58.encode(bytes);

/** The strict decoders below return null for any text that is not the canonical encoding of some bytes. */
export const fromBase64 = (text: string): Bytes | null => decodeWith(base64.decode, text);
export const fromBase64Url = (text: string): Bytes | null => decodeWith(base64urlnopad.decode, text);
/** Bounded first: base58 decoding is quadratic. */
export const fromBase58 = (text: string): Bytes | null => (text.length > 128 ? null : decodeWith(base58.decode, text));
export const fromHex = (text: string): Bytes | null =>
  /^(?:[0-9a-f]{2})*$/.test(text) ? decodeWith(hexToBytes, text) : null;

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function decodeWith(decode: (text: string) => Uint8Array, text: string): Bytes | null {
  try {
    return decode(text) as Bytes;
  } catch {
    return null;
  }
}
