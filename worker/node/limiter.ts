import type { Limiter } from '../deps.ts';

/** Keys that are remembered at once: some 100 bytes each. */
const MOST = 100_000;

/**
 * A token bucket a key: `perMinute` tokens, refilled steadily. Keys whose bucket is full are forgotten; where `most` are
 * not, the one that was not used for longest is.
 */
export function createLimiter(perMinute: number, now: () => number, most = MOST): Limiter {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const refilled = (bucket: { tokens: number; at: number }, at: number): number =>
    // A clock that goes back takes nothing away.
    Math.min(perMinute, bucket.tokens + (Math.max(0, at - bucket.at) * perMinute) / 60_000);
  // Goes on where it was: a new one would pass by all that was forgotten since the map last grew. But it holds on to every
  // table that the map outgrew since; so it is let go of after so many uses.
  let oldest: MapIterator<string> | null = null;
  let uses = 0;
  let swept = now();
  return async (key, cost) => {
    const at = now();
    if (at - swept > 60_000) {
      for (const [name, bucket] of buckets) if (refilled(bucket, at) >= perMinute) buckets.delete(name);
      swept = at;
      oldest = null;
    }
    if (++uses % most === 0) oldest = null;
    const bucket = buckets.get(key) ?? { tokens: perMinute, at };
    const tokens = refilled(bucket, at);
    const isAllowed = tokens >= cost;
    // Last in the map is last used.
    buckets.delete(key);
    buckets.set(key, { tokens: isAllowed ? tokens - cost : tokens, at });
    if (buckets.size > most) buckets.delete((oldest ??= buckets.keys()).next().value as string);
    return isAllowed;
  };
}
