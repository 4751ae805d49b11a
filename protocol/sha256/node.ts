import { hash } from 'node:crypto';
import type { Bytes } from '../bytes.ts';

/** SHA-256 (FIPS 180-4) by the OpenSSL that Node carries. */
export function sha256(data: Uint8Array): Bytes {
  const { buffer, byteOffset, length } = hash('sha256', data, 'buffer');
  return new Uint8Array(buffer, byteOffset, length);
}
