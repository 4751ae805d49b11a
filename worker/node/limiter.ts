import type { Limiter } from '../deps.ts';

/** A token bucket a key: `perMinute` tokens, refilled steadily. Keys whose bucket is full are forgotten. */
export function createLimiter(perMinute: number, now: () => number): Limiter {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const refilled = (bucket: { tokens: number; at: number }, at: number): number =>
    // A clock that goes back takes nothing away.
    Math.min(perMinute, bucket.tokens + (Math.max(0, at - bucket.at) * perMinute) / 60_000);
  let swept = now();
  return async (key, cost) => {
    const at = now();
    if (at - swept > 60_000) {
      for (const [name, bucket] of buckets) if (refilled(bucket, at) >= perMinute) buckets.delete(name);
      swept = at;
    }
    const bucket = buckets.get(key) ?? { tokens: perMinute, at };
    const tokens = refilled(bucket, at);
    const isAllowed = tokens >= cost;
    buckets.set(key, { tokens: isAllowed ? tokens - cost : tokens, at });
    return isAllowed;
  };
}
