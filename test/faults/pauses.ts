import { afterEach, beforeEach, vi } from 'vitest';

/** Whoever waits before trying again does not wait in the tests that follow: timers fire in order, as soon as idle. */
export function skipPauses(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout'] }).setTimerTickMode('nextTimerAsync');
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}
