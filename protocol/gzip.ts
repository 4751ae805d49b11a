import { Gunzip, gzipSync } from 'fflate';
import type { Bytes } from './bytes.ts';

/** Compressed bytes inflated at a time: at most a thousandfold comes out before the bound is looked at again. */
const STEP = 1024;

/** Gzip (RFC 1952). */
export const gzip = (data: Bytes): Bytes => gzipSync(data) as Bytes;

/** Inflates untrusted gzip up to `max` bytes; null where it is malformed, cut short, or would be longer. */
export function gunzip(data: Bytes, max: number): Bytes | null {
  const inflated = new Uint8Array(max);
  let length = 0;
  let isWhole = false;
  const stream = new Gunzip((chunk, isFinal) => {
    if (length + chunk.length <= max) inflated.set(chunk, length);
    length += chunk.length;
    isWhole = isFinal;
  });
  try {
    for (let at = 0; at < data.length && length <= max; at += STEP) {
      stream.push(data.subarray(at, at + STEP), at + STEP >= data.length);
    }
  } catch {
    return null;
  }
  return isWhole && length <= max ? inflated.subarray(0, length) : null;
}
