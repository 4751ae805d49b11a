import type { VerifySignature } from './verify.ts';

const FIRST = 2;
const LARGEST = 64;

/**
 * Hands signatures on in bursts: two, then twice as many each time, 64 at most, and the last of them as soon as the caller lets
 * go. So other cores have work early; later, when they do, the caller goes on for longer before it turns to the platform, which
 * costs it its caches and may wake a thread on its own core.
 */
export function inBursts(verify: VerifySignature): VerifySignature {
  let waiting: (() => void)[] = [];
  let size = FIRST;
  const start = (): void => {
    const burst = waiting;
    waiting = [];
    for (const each of burst) each();
  };
  return (signature, message, publicKey) =>
    new Promise((resolve) => {
      if (waiting.length === 0) queueMicrotask(start);
      waiting.push(() => resolve(verify(signature, message, publicKey)));
      if (waiting.length < size) return;
      size = Math.min(2 * size, LARGEST);
      start();
    });
}
