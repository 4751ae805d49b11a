/** Who does a job: other threads, or the calling one. */
export interface Hands<Job> {
  /** Has other threads do it. */
  there(job: Job): Promise<boolean>;
  /** Does it at once, in the calling thread. */
  here(job: Job): boolean;
  /** How many jobs to have with other threads once the caller has nothing else to do; 0 keeps all of them here. */
  others: number;
  /** Calls back once the caller has let go. */
  later(work: () => void): void;
}

interface Waiting<Job> {
  job: Job;
  resolve(verdict: Promise<boolean>): void;
}

const LARGEST = 64;

/**
 * Shares jobs between other threads and the caller. The first goes out at once. While the caller has work of its own the
 * others follow in bursts, each twice as large as the one before, 64 at most: early on other cores need work; later,
 * when they have it, the caller goes on for longer before it turns to them, which costs it its caches and may wake a thread
 * on its own core. Once the caller lets go it does what is left, too, one job at a time: something else may come in.
 */
export function shared<Job>({ there, here, others, later }: Hands<Job>): (job: Job) => Promise<boolean> {
  const waiting: Waiting<Job>[] = [];
  let burst = 1;
  let out = 0;
  let isComing = false;

  const handOut = (upTo: number): void => {
    for (; out < upTo && waiting.length > 0; out++) {
      const { job, resolve } = waiting.shift() as Waiting<Job>;
      resolve(there(job).finally(() => out--));
    }
  };
  const turn = (): void => {
    const own = waiting.shift();
    handOut(others);
    own?.resolve((async () => here(own.job))());
    isComing = waiting.length > 0;
    if (isComing) later(turn);
    else burst = 1;
  };
  return (job) =>
    new Promise((resolve) => {
      if (others > 0 && waiting.length >= burst) {
        handOut(Infinity);
        burst = Math.min(2 * burst, LARGEST);
      }
      waiting.push({ job, resolve });
      if (out === 0) handOut(Math.min(others, 1));
      if (isComing || waiting.length === 0) return;
      isComing = true;
      later(turn);
    });
}
