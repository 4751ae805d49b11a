import { Worker } from 'node:worker_threads';
import { type Bytes } from '../../protocol/bytes.ts';
import { refuse, type Result } from '../../protocol/result.ts';
import type { Refusal } from '../admission/admit.ts';
import type { Checked, CheckStatements } from '../admission/check.ts';

export type CheckRequest = (string | Bytes)[];

export type CheckResponse = Result<Checked, Refusal>[];

/** One caller's statements on their way through a thread. */
interface Job {
  inputs: readonly (string | Bytes)[];
  settle(results: CheckResponse): void;
}

interface Thread {
  worker: Worker;
  /** The jobs of the messages under way, oldest first. */
  under: Job[][];
}

/** Statements that may wait for their check. */
const POOL = 20_000;
/** Statements in one message: few, so that those which are done do not wait for the rest. A batch travels whole. */
const MESSAGE = 8;
/** Messages under way for each thread: with the next one there already, it never waits for this thread to send it. */
const DEPTH = 2;

const OVERLOADED: Refusal = { code: 'overloaded', detail: 'the registry is busy; try again in a second' };
const LOST: Refusal = { code: 'unavailable', detail: 'the statement could not be checked; submit it again' };

/**
 * Checks statements on threads, so that the thread which answers requests does nothing else. What arrives
 * while all have enough to do pools, and travels together as soon as a thread has answered. The first thread starts at
 * once, each other one, up to `count`, when those before it leave something over.
 */
export function startCheckThreads(count: number): {
  check: CheckStatements;
  close(): Promise<void>;
} {
  const threads = [start()];
  const pool: Job[] = [];
  let waiting = 0;
  let isScheduled = false;
  let isClosed = false;

  return {
    check(inputs) {
      if (waiting + inputs.length > POOL) return Promise.resolve(inputs.map(() => refuse(OVERLOADED)));
      waiting += inputs.length;
      return new Promise((settle) => {
        pool.push({ inputs, settle });
        schedule();
      });
    },
    async close() {
      isClosed = true;
      for (const { worker } of threads) worker.ref();
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };

  /** Sends at the end of this turn of the event loop, so that what arrives in one turn travels together. */
  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      send();
    });
  }

  function send(): void {
    for (let depth = 0; depth < DEPTH; depth++) {
      for (const thread of threads) {
        if (thread.under.length > depth) continue;
        const jobs = take();
        if (jobs.length === 0) return;
        thread.under.push(jobs);
        thread.worker.postMessage(jobs.flatMap((job) => job.inputs) satisfies CheckRequest);
      }
    }
    if (pool.length === 0 || threads.length >= count || isClosed) return;
    threads.push(start());
    schedule();
  }

  /** Some jobs from the pool: at least one, and no more statements than a message holds besides. */
  function take(): Job[] {
    const jobs: Job[] = [];
    for (let size = 0; pool[0] !== undefined;) {
      size += pool[0].inputs.length;
      if (size > MESSAGE && jobs.length > 0) break;
      jobs.push(pool.shift() as Job);
    }
    return jobs;
  }

  function start(): Thread {
    const thread: Thread = { worker: new Worker(new URL('./check-thread.ts', import.meta.url)), under: [] };
    thread.worker.on('message', (response: CheckResponse) => {
      settle(thread, response);
      schedule();
    });
    thread.worker.on('error', () => replace(thread));
    // The server keeps the process alive, not its threads.
    thread.worker.unref();
    return thread;
  }

  function settle(thread: Thread, results: CheckResponse): void {
    const jobs = thread.under.shift();
    if (jobs === undefined) return;
    waiting -= results.length;
    for (const job of jobs) job.settle(results.splice(0, job.inputs.length));
  }

  /** A thread that died takes its statements along; their senders are told, and another takes its place. */
  function replace(thread: Thread): void {
    while (thread.under[0] !== undefined) {
      const lost = thread.under[0].flatMap((job) => job.inputs);
      settle(
        thread,
        lost.map(() => refuse(LOST)),
      );
    }
    if (isClosed) return;
    threads[threads.indexOf(thread)] = start();
    schedule();
  }
}
