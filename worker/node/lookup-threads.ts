import { Worker } from 'node:worker_threads';
import { ROW_DIGEST_BYTES } from '../../protocol/rows/row-digests.ts';
import type { ContentIndex, Found, Log } from '../deps.ts';
import type { ThreadData } from './threaded-sqlite.ts';

export type LookupThreadData = Pick<ThreadData, 'file' | 'migrations'>;

/** Digests for a thread, as ContentIndex finds them. */
export interface LookupPart {
  digests: string;
  each: number;
}

/** What a thread says: once that it can be asked, then for each part what it found; null where it failed. */
export type LookupAnswer = 'ready' | Found[] | null;

interface Thread {
  worker: Worker;
  isReady: boolean;
  /** The parts under way, oldest first. */
  waiting: ((found: Found[] | null) => void)[];
}

export interface LookupThreads {
  find: ContentIndex['find'];
  close(): Promise<void>;
}

/** Hex digits of a digest. */
const DIGITS = 2 * ROW_DIGEST_BYTES;
/** Digests that are worth a message to a thread: a few milliseconds of looking up. */
const PART = 1_000;

/**
 * Looks up digests by thousands in up to `count` threads, in parts, at the same time: most of what a look-up takes is
 * waiting for memory, and the thread that answers requests goes on meanwhile. They start with the first look-up that is
 * worth it, and what none of them answers, this thread finds itself, by `find`.
 */
export function startLookupThreads(
  count: number,
  { file, migrations }: LookupThreadData,
  find: ContentIndex['find'],
  log: Log,
): LookupThreads {
  let threads: Thread[] | null = null;
  let isEnded = false;

  return {
    async find(digests, each) {
      const wanted = digests.length / DIGITS;
      if (wanted < PART || isEnded) return find(digests, each);
      threads ??= Array.from({ length: count }, start);
      // Those with the least to do.
      const free = threads.filter(({ isReady }) => isReady).toSorted((a, b) => a.waiting.length - b.waiting.length);
      const parts = Math.min(free.length, Math.floor(wanted / PART));
      if (parts === 0) return find(digests, each);
      const size = Math.ceil(wanted / parts);
      const found = await Promise.all(
        free.slice(0, parts).map(async (thread, i) => {
          const part = { digests: digests.slice(i * size * DIGITS, (i + 1) * size * DIGITS), each };
          return (await ask(thread, part)) ?? find(part.digests, part.each);
        }),
      );
      return joined(found, size);
    },
    async close() {
      isEnded = true;
      await Promise.all(threads?.map(({ worker }) => worker.terminate()) ?? []);
    },
  };

  function ask(thread: Thread, part: LookupPart): Promise<Found[] | null> {
    return new Promise((resolve) => {
      thread.waiting.push(resolve);
      thread.worker.postMessage(part);
    });
  }

  function start(): Thread {
    const worker = new Worker(new URL('./lookup-thread.ts', import.meta.url), {
      workerData: { file, migrations } satisfies LookupThreadData,
    });
    const thread: Thread = { worker, isReady: false, waiting: [] };
    worker.on('message', (answer: LookupAnswer) => {
      if (answer === 'ready') thread.isReady = true;
      else thread.waiting.shift()?.(answer);
    });
    worker.on('error', (error) => log({ event: 'lookup-thread-ended', message: error.message }));
    worker.on('exit', () => {
      // No other takes its place: what ended one might end the next.
      thread.isReady = false;
      for (const resolve of thread.waiting.splice(0)) resolve(null);
    });
    // The server keeps the process alive, not its threads.
    worker.unref();
    return thread;
  }
}

/** What was found in all parts of `size` digests, each manifest once. */
function joined(parts: readonly Found[][], size: number): Found[] {
  const found = new Map<string, Found>();
  for (const [i, part] of parts.entries()) {
    for (const { manifest, places } of part) {
      let known = found.get(manifest.manifest);
      if (known === undefined) found.set(manifest.manifest, (known = { manifest, places: [] }));
      for (const at of places) known.places.push(i * size + at);
    }
  }
  return [...found.values()];
}
