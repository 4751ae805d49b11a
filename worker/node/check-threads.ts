import { Worker, type MessagePort } from 'node:worker_threads';
import { refuse } from '../../protocol/result.ts';
import type { Refusal } from '../admission/admit.ts';
import { OVERLOADED, POOL, UNAVAILABLE, type Outcome, type SequencerDeps } from '../log/sequencer.ts';
import type { Submit } from '../statements/submit.ts';
import type { RegistryDatabase } from './registry-database.ts';

export interface CheckThreadData {
  /** The way to the thread that commits. */
  committing: MessagePort;
}

/** One caller's statements on their way to a thread. */
interface Job {
  ticket: number;
  inputs: readonly string[];
}

export type CheckRequest = readonly Job[];

/** A caller who waits for what becomes of statements. */
interface Caller {
  statements: number;
  bytes: number;
  settle(outcomes: Outcome[]): void;
}

interface Thread {
  worker: Worker;
  /** The jobs of the messages under way, oldest first. */
  under: Job[][];
}

export interface CheckThreads {
  submit: Submit;
  /** Tells a caller what became of its statements. */
  settle(ticket: number, outcomes: Outcome[]): void;
  close(): Promise<void>;
}

/** Statements in one message: few, so that those which are done do not wait for the rest. A batch travels whole. */
const MESSAGE = 8;
/** Messages under way for each thread: with the next one there already, it never waits for this thread to send it. */
const DEPTH = 2;

/** Milliseconds before another thread takes a dead one's place, doubled for each that died since one last did its work; and the most. */
const PAUSE = { first: 10, most: 5_000 };

const LOST: Refusal = { code: 'unavailable', detail: 'the statement could not be checked; submit it again' };

/**
 * Checks statements on threads, which pass them on to the one that commits; so that the thread which answers requests
 * does nothing else, and hears of a statement once more: when it is logged or refused. What arrives while all have enough
 * to do pools, and travels together as soon as a thread has passed a message on. The first thread starts at once, each
 * other one, up to `count`, when those before it leave something over.
 */
export function startCheckThreads(
  count: number,
  database: Pick<RegistryDatabase, 'connect' | 'died'>,
  report: NonNullable<SequencerDeps['report']>,
): CheckThreads {
  const callers = new Map<number, Caller>();
  const pooled = { statements: 0, bytes: 0 };
  const threads = [start()];
  const pool: Job[] = [];
  let tickets = 0;
  let isScheduled = false;
  let isEnded = false;
  let deaths = 0;
  let isPausing = false;
  void database.died.then(end);

  return {
    submit(inputs) {
      const statements = inputs.length;
      const bytes = inputs.reduce((sum, { length }) => sum + length, 0);
      if (isEnded) return Promise.resolve(refused(statements, UNAVAILABLE));
      if (pooled.statements + statements > POOL.statements || pooled.bytes + bytes > POOL.bytes) {
        return Promise.resolve(refused(statements, OVERLOADED));
      }
      pooled.statements += statements;
      pooled.bytes += bytes;
      const ticket = tickets++;
      return new Promise((resolve) => {
        callers.set(ticket, { statements, bytes, settle: resolve });
        pool.push({ ticket, inputs });
        schedule();
      });
    },
    settle,
    async close() {
      end();
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
        thread.worker.postMessage(jobs satisfies CheckRequest);
      }
    }
    // After a death, first one that does its work.
    const most = deaths > 0 ? 1 : count;
    if (pool.length === 0 || threads.length >= most || isPausing || isEnded) return;
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
    const committing = database.connect();
    const worker = new Worker(new URL('./check-thread.ts', import.meta.url), {
      workerData: { committing } satisfies CheckThreadData,
      transferList: [committing],
    });
    const thread: Thread = { worker, under: [] };
    // It has passed a message on.
    worker.on('message', () => {
      deaths = 0;
      thread.under.shift();
      schedule();
    });
    worker.on('error', (error) => replace(thread, error as Error));
    // The server keeps the process alive, not its threads.
    worker.unref();
    return thread;
  }

  function settle(ticket: number, outcomes: Outcome[]): void {
    const caller = callers.get(ticket);
    if (caller === undefined) return;
    callers.delete(ticket);
    pooled.statements -= caller.statements;
    pooled.bytes -= caller.bytes;
    caller.settle(outcomes);
  }

  /**
   * A thread that died takes its statements along; their senders are told, and another takes its place once it is needed.
   * Not at once: what does not even load would be all that the process is busy with.
   */
  function replace(thread: Thread, error: Error): void {
    threads.splice(threads.indexOf(thread), 1);
    const lost = thread.under.splice(0).flat();
    // The one before did nothing, either: nobody is kept waiting for the next.
    if (threads.length === 0 && deaths > 0) lost.push(...pool.splice(0));
    for (const { ticket, inputs } of lost) settle(ticket, refused(inputs.length, LOST));
    if (isEnded) return;
    report('check-thread-died', error.message);
    isPausing = true;
    setTimeout(resume, Math.min(PAUSE.most, PAUSE.first * 2 ** deaths++)).unref();
  }

  function resume(): void {
    isPausing = false;
    schedule();
  }

  /** Nobody will answer any more. What was under way may be logged: submitted again, it is found. */
  function end(): void {
    isEnded = true;
    pool.length = 0;
    for (const [ticket, { statements }] of callers) settle(ticket, refused(statements, UNAVAILABLE));
  }
}

const refused = (statements: number, reason: Refusal): Outcome[] =>
  Array.from({ length: statements }, () => refuse(reason));
