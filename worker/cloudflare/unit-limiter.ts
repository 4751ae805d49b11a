import { BoundedCache } from '../../protocol/bounded-cache.ts';
import type { Deps } from '../deps.ts';

/** Keys of whom it is remembered what they have left. */
const KEYS = 4096;

/**
 * A limiter over one that counts calls. A call pays for a request, or for `unit` of its statements where it has more; the
 * keys that signed them share that. What a key has left of a call is used up before its next one, in this isolate; no
 * more than one call's worth is kept.
 */
export function createUnitLimiter(call: (key: string) => Promise<boolean>, unit: number): Deps['limiter'] {
  const accounts = new BoundedCache<string, { left: number }>(KEYS);
  return async (key, statements, among) => {
    const cost = statements * Math.max(1, unit / among);
    const account = accounts.get(key, () => ({ left: 0 }));
    const used = Math.min(cost, account.left);
    // Before anything is awaited: it pays once.
    account.left -= used;
    const calls = Math.ceil((cost - used) / unit);
    const verdicts = await Promise.all(Array.from({ length: calls }, () => call(key)));
    const isAllowed = verdicts.every(Boolean);
    const rest = isAllowed ? calls * unit - (cost - used) : used;
    account.left = Math.min(unit, account.left + rest);
    return isAllowed;
  };
}
