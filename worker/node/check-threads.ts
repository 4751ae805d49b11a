import { Worker } from 'node:worker_threads';
import type { StatementId } from '../../schemas/primitives.ts';
import { kindOf, type Statement } from '../../schemas/statement.ts';
import { type Bytes } from '../../protocol/bytes.ts';
import { refuse, type Result } from '../../protocol/result.ts';
import type { Refusal, Submission } from '../admission/admit.ts';
import type { CheckStatements } from '../admission/check.ts';

export interface CheckRequest {
  /** Repeated in the answer: a thread may answer a later message first. */
  message: number;
  inputs: (string | Bytes)[];
}

export interface CheckResponse {
  message: number;
  answers: Result<{ id: StatementId; canonical: string }, Refusal>[];
}

/** One caller's statements on their way through a thread. */
interface Job {
  inputs: readonly (string | Bytes)[];
  settle(results: Result<Submission, Refusal>[]): void;
}

interface Thread {
  worker: Worker;
  /** The jobs of each message under way. */
  sent: Map<number, Job[]>;
  /** Statements under way. */
  load: number;
}

/** Statements that may wait for their check. */
const POOL = 20_000;

const OVERLOADED: Refusal = { code: 'overloaded', detail: 'the registry is busy; try again in a second' };
const LOST: Refusal = { code: 'unavailable', detail: 'the statement could not be checked; submit it again' };

/**
 * Checks statements on threads, so that the thread which answers requests and commits does nothing else. What arrives
 * in one turn of the event loop travels in one message.
 */
export function startCheckThreads(count: number): { check: CheckStatements; close(): Promise<void> } {
  const threads = Array.from({ length: count }, start);
  let isClosed = false;
  let arrived: Job[] = [];
  let waiting = 0;
  let message = 0;

  return {
    check(inputs) {
      if (waiting + inputs.length > POOL) return Promise.resolve(inputs.map(() => refuse(OVERLOADED)));
      waiting += inputs.length;
      return new Promise((settle) => {
        if (arrived.length === 0) setImmediate(send);
        arrived.push({ inputs, settle });
      });
    },
    async close() {
      isClosed = true;
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };

  function send(): void {
    const jobs = arrived;
    arrived = [];
    const thread = threads.reduce((least, next) => (next.load < least.load ? next : least));
    const inputs = jobs.flatMap((job) => job.inputs);
    thread.sent.set(++message, jobs);
    thread.load += inputs.length;
    thread.worker.postMessage({ message, inputs } satisfies CheckRequest);
  }

  function start(): Thread {
    const thread: Thread = {
      worker: new Worker(new URL('./check-thread.ts', import.meta.url)),
      sent: new Map(),
      load: 0,
    };
    thread.worker.on('message', (response: CheckResponse) =>
      settle(thread, response.message, response.answers.map(toSubmission)),
    );
    thread.worker.on('error', () => replace(thread));
    // The server keeps the process alive, not its threads.
    thread.worker.unref();
    return thread;
  }

  function settle(thread: Thread, sent: number, results: Result<Submission, Refusal>[]): void {
    const jobs = thread.sent.get(sent) ?? [];
    thread.sent.delete(sent);
    thread.load -= results.length;
    waiting -= results.length;
    for (const job of jobs) job.settle(results.splice(0, job.inputs.length));
  }

  /** A thread that died takes its statements along; their senders are told, and another takes its place. */
  function replace(thread: Thread): void {
    for (const [sent, jobs] of thread.sent) {
      settle(
        thread,
        sent,
        jobs.flatMap((job) => job.inputs.map(() => refuse(LOST))),
      );
    }
    if (!isClosed) threads[threads.indexOf(thread)] = start();
  }
}

function toSubmission(answer: CheckResponse['answers'][number]): Result<Submission, Refusal> {
  if (!answer.ok) return answer;
  const { id, canonical } = answer.value;
  const document = JSON.parse(canonical) as Statement;
  return { ok: true, value: { id, canonical, document, kind: kindOf(document) } };
}
