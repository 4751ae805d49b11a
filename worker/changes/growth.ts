/** Where requests wait for the log to grow. */
export interface Growth {
  /**
   * Resolves once the log may hold more than `size` entries, and at the latest after `ms`, when `signal` aborts, when the
   * registry stops, and at once where too many wait already. Whoever waited looks for themselves.
   */
  beyond(size: number, ms: number, signal?: AbortSignal): Promise<void>;
}

/** The waiting room of one sequencer. */
export interface WaitingRoom extends Growth {
  /** Wakes those who wait for more than the log held before: called after each commit. */
  grew(size: number): void;
  /** Sends everyone away, and lets nobody in any more. */
  close(): void;
}

export interface WaitingRoomOptions {
  /** How many may wait at a time. */
  seats?: number;
  /** Shortest time between two wake-ups, in milliseconds: followers of a busy log read pages, not single entries. */
  pace?: number;
}

/** Waiting costs a seat and a timer: no query is made for it, however long it takes. */
export function createWaitingRoom({ seats = 1000, pace = 200 }: WaitingRoomOptions = {}): WaitingRoom {
  const waiting = new Set<{ size: number; leave: () => void }>();
  // What was committed while someone was on their way here must not be missed.
  let known = 0;
  let isClosed = false;
  let resting: ReturnType<typeof setTimeout> | null = null;

  function wake(): void {
    resting = null;
    let isAnyoneWoken = false;
    for (const { size, leave } of waiting) {
      if (known <= size) continue;
      leave();
      isAnyoneWoken = true;
    }
    if (isAnyoneWoken) resting = setTimeout(wake, pace);
  }

  return {
    beyond(size, ms, signal) {
      if (isClosed || known > size || waiting.size >= seats || signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const waiter = { size, leave };
        const timer = setTimeout(leave, ms);
        function leave(): void {
          waiting.delete(waiter);
          clearTimeout(timer);
          signal?.removeEventListener('abort', leave);
          resolve();
        }
        signal?.addEventListener('abort', leave, { once: true });
        waiting.add(waiter);
      });
    },
    grew(size) {
      known = Math.max(known, size);
      // Just woken: whoever came back since waits for the pause to end.
      if (resting === null) wake();
    },
    close() {
      isClosed = true;
      if (resting !== null) clearTimeout(resting);
      for (const { leave } of waiting) leave();
    },
  };
}
