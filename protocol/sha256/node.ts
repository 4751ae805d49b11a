import { hash } from 'node:crypto';
import type { Bytes } from '../bytes.ts';

/** SHA-256 (FIPS 180-4) by the OpenSSL that Node carries, of bytes or of a text's UTF-8. */
export function sha256(data: Uint8Array | string): Bytes {
  const { buffer, byteOffset, length } = hash('sha256', data, 'buffer');
  return new Uint8Array(buffer, byteOffset, length);
}

/** The same in lowercase hex. */
export const sha256Hex = (data: Uint8Array | string): string => hash('sha256', data, 'hex');
