import { BoundedCache } from '../../protocol/bounded-cache.ts';
import type { Admission } from '../statements/submit.ts';

/** Keys of whom it is remembered what they owe. */
const KEYS = 4096;

/**
 * A limiter over one that counts calls. A call pays for a request, or for `unit` of its statements where it has more; the
 * keys that signed them share that. It is made once a key owes it to this isolate, so what a key gets beyond its limit is
 * less than one call's worth.
 */
export function createUnitLimiter(call: (key: string) => Promise<boolean>, unit: number): Admission['limiter'] {
  const accounts = new BoundedCache<string, { owed: number }>(KEYS);
  return async (key, statements, among) => {
    const cost = statements * Math.max(1, unit / among);
    const account = accounts.get(key, () => ({ owed: 0 }));
    const calls = Math.floor((account.owed + cost) / unit);
    // Before anything is awaited: whoever asks meanwhile does not pay for it again.
    account.owed += cost - calls * unit;
    const verdicts = await Promise.all(Array.from({ length: calls }, () => call(key)));
    if (verdicts.every(Boolean)) return true;
    account.owed -= cost - calls * unit;
    return false;
  };
}
