import { limits } from '../../schemas/limits.ts';
import { logTimeOf } from '../../protocol/time.ts';
import type { Refusal, Submission } from '../admission/admit.ts';

/**
 * Why the clock is not to be believed; null if it is. The log's times never decrease, so one commit by a clock that ran
 * years ahead would stamp every later entry with that year, for good (docs/decisions/0009). After a long pause the clock
 * must therefore be borne out by somebody else's: by a statement that was signed lately.
 */
export function clockFault(now: number, lastLoggedAt: number, submissions: readonly Submission[]): Refusal | null {
  const since = now - limits.clockJump;
  if (lastLoggedAt === 0 || lastLoggedAt >= since) return null;
  if (submissions.some(({ document }) => Date.parse(document.proof.created) >= since)) return null;
  const days = Math.floor((now - lastLoggedAt) / 86_400_000);
  return {
    code: 'unavailable',
    detail:
      `this registry’s clock says ${logTimeOf(now)}, ${days} days after the last entry, and nothing here was signed lately; ` +
      'if that is the time, send a statement signed today first; if it is not, tell the operator to set the clock',
  };
}
