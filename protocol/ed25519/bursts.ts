import type { VerifySignature } from './verify.ts';

const BURST = 16;

/**
 * Hands signatures on in bursts of 16 at most, the last of them as soon as the caller lets go. A platform may wake a thread for
 * each, which takes the core of the caller while another core runs out of work: so the next ones are prepared first.
 */
export function inBursts(verify: VerifySignature): VerifySignature {
  let waiting: (() => void)[] = [];
  const start = (): void => {
    const burst = waiting;
    waiting = [];
    for (const each of burst) each();
  };
  return (signature, message, publicKey) =>
    new Promise((resolve) => {
      if (waiting.length === 0) queueMicrotask(start);
      waiting.push(() => resolve(verify(signature, message, publicKey)));
      if (waiting.length === BURST) start();
    });
}
