import { gunzipSync, gzipSync } from 'fflate';
import type { Bytes } from './bytes.ts';

/** Gzip (RFC 1952). */
export const gzip = (data: Bytes): Bytes => gzipSync(data);

/**
 * Inflates gzip into at most `max` bytes; null where it is malformed, cut short, or would be longer. Memory is bounded by
 * `max`, time by a thousand times the input, so inflate only what a known party signed.
 */
export function gunzip(data: Bytes, max: number): Bytes | null {
  try {
    // What is past the end of the buffer is dropped, so one byte more tells that there was more.
    const inflated: Uint8Array = gunzipSync(data, { out: new Uint8Array(max + 1) });
    return inflated.length <= max ? (inflated as Bytes) : null;
  } catch {
    return null;
  }
}
