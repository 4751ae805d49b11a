import type { Context } from 'hono';
import type { Deps } from '../deps.ts';
import type { Env } from './env.ts';
import { networkOf } from './network.ts';
import { ProblemError } from './problem.ts';

/**
 * What one network may ask in a minute of what costs: so many units of some 10 ms. A look-up takes one for each 1,000
 * digests, so that three verifications of a million rows fit.
 */
export const READ_UNITS = 3_000;

/** Charges the network that a request comes from; `cost` is 10 units at most. Throws `rate-limited`. */
export async function chargeNetwork(
  { readLimiter, addressOf }: Pick<Deps, 'readLimiter' | 'addressOf'>,
  c: Context<Env>,
  cost: number,
): Promise<void> {
  const address = addressOf(c);
  if (address === null || (await readLimiter(networkOf(address), cost))) return;
  throw new ProblemError('rate-limited', 'this network asks for more than the registry allows; try again in a minute');
}
