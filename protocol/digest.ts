import { sha256, sha256Hex } from '#sha256';
import type { Digest } from '../schemas/primitives.ts';
import { fromHex, toHex, type Bytes } from './bytes.ts';

export const sha256Bytes = (data: Uint8Array | string): Bytes => sha256(data);

/** `sha256:<hex>` of bytes, or of a text's UTF-8. */
export const digestOf = (data: Uint8Array | string): Digest => `sha256:${sha256Hex(data)}` as Digest;

/** The text form of a 32-byte hash. */
export const digestFromBytes = (hash: Uint8Array): Digest => `sha256:${toHex(hash)}` as Digest;

/** The 32 bytes that a parsed digest names. */
export const digestToBytes = (digest: Digest): Bytes => fromHex(digest.slice('sha256:'.length)) as Bytes;
