/** The longest wait between two attempts, in milliseconds. */
export const LONGEST_WAIT = 30_000;

/**
 * How long to wait before attempt `attempt` (1 is the first retry), in milliseconds: doubling, with full jitter, so that
 * clients that failed together do not return together. `random` is in [0, 1).
 */
export const backoff = (attempt: number, baseMs: number, random: number): number =>
  Math.min(LONGEST_WAIT, baseMs * 2 ** (attempt - 1)) * random;

/** Milliseconds that a Retry-After header asks for (RFC 9110 §10.2.3), or null where it says nothing usable. */
export function retryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
