import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FileTask, OnProgress, SpooledFile } from './hash-spooled.ts';
import { rowSourceOf } from '../../../protocol/rows/row-source.ts';
import type { DigestedLines, HashMessage, HashRequest, LinesTask } from './hash-thread.ts';
import type { SpoolFolder } from './spool.ts';

/** What a damaged file can make a thread take before that ends, and this process does not: MiB. */
const THREAD_MEMORY = 320;
/** How many looks without a word say that the file that a thread is at does not end: two minutes. */
interface Patience {
  looks: number;
  everyMs: number;
}

const PATIENCE: Patience = { looks: 120, everyMs: 1000 };

/** A file that a thread could not be brought to the end of. */
export class StalledFileError extends Error {
  override readonly name = 'StalledFileError';
}

interface Waiting {
  resolve(done: SpooledFile[] | DigestedLines): void;
  reject(error: Error): void;
}

/** A thread, and who waits for what it was asked. */
interface Thread {
  worker: Worker;
  waiting: Map<number, Waiting>;
  /** The Parquet file that it is at: that comes alone. */
  parquet: FileTask | null;
  /** Looks since the last word. */
  quiet: number;
  /** Why it ended, and answers nothing any more. */
  fault: Error | null;
}

/** Threads that hash. Whatever is asked goes to the one that has the least to do; each does one thing after the other. */
export class HashThreads {
  readonly #threads: Thread[] = [];
  readonly #folder: SpoolFolder;
  readonly #onProgress: OnProgress;
  readonly #watch: NodeJS.Timeout;
  #requests = 0;

  constructor(folder: SpoolFolder, onProgress: OnProgress, patience = PATIENCE) {
    this.#folder = folder;
    this.#onProgress = onProgress;
    // By looks and not by the clock, which goes on while the machine sleeps.
    this.#watch = setInterval(() => this.#look(patience.looks), patience.everyMs).unref();
  }

  get count(): number {
    return this.#threads.length;
  }

  /** Starts threads until there are so many. */
  start(count: number): void {
    while (this.count < count) {
      this.#threads.push(startThread(join(this.#folder.path, `${this.count}`), this.#onProgress));
    }
  }

  /** Answers in the order given. Many small files at once spare a message for each; a Parquet file comes alone. */
  hashFiles(files: readonly FileTask[]): Promise<SpooledFile[]> {
    return this.#ask((id) => ({ id, files })) as Promise<SpooledFile[]>;
  }

  /** Takes the buffer that the piece is in. */
  digestLines(lines: LinesTask): Promise<DigestedLines> {
    return this.#ask((id) => ({ id, lines }), [lines.piece.buffer]) as Promise<DigestedLines>;
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  /** Ends what says nothing any more: only what decodes Parquet can go round without end, where a file is made for that. */
  #look(most: number): void {
    for (const thread of this.#threads) {
      if (thread.parquet === null) continue;
      if (++thread.quiet < most) continue;
      end(thread, new StalledFileError(`${thread.parquet.location}: as a Parquet file, it comes to no end`));
      void thread.worker.terminate();
    }
  }

  #ask(request: (id: number) => HashRequest, transfer: ArrayBuffer[] = []): Promise<SpooledFile[] | DigestedLines> {
    const thread = this.#threads.reduce((least, each) => (each.waiting.size < least.waiting.size ? each : least));
    if (thread.fault !== null) return Promise.reject(thread.fault);
    const id = this.#requests++;
    const asked = request(id);
    if ('files' in asked) thread.parquet = asked.files.find(isParquet) ?? null;
    thread.quiet = 0;
    return new Promise((resolve, reject) => {
      thread.waiting.set(id, { resolve, reject });
      thread.worker.postMessage(asked, transfer);
    });
  }
}

export const isParquet = ({ path }: Pick<FileTask, 'path'>): boolean => rowSourceOf(path)?.format === 'parquet';

function startThread(spool: string, onProgress: OnProgress): Thread {
  const worker = new Worker(new URL('./hash-thread.ts', import.meta.url), {
    workerData: spool,
    resourceLimits: { maxOldGenerationSizeMb: THREAD_MEMORY },
  });
  const waiting = new Map<number, Waiting>();
  const thread: Thread = { worker, waiting, parquet: null, quiet: 0, fault: null };
  worker.on('message', (message: HashMessage) => {
    thread.quiet = 0;
    if ('rows' in message) return onProgress(message.bytes, message.rows);
    thread.parquet = null;
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if ('done' in message) asked?.resolve(message.done);
    else asked?.reject(Object.assign(new Error(message.failed.message), message.failed));
  });
  worker.on('error', (error) => end(thread, error as Error));
  return thread;
}

/** Tells whoever waits, and whoever asks later, that the thread is gone. */
function end(thread: Thread, fault: Error): void {
  thread.fault = fault;
  for (const { reject } of thread.waiting.values()) reject(fault);
  thread.waiting.clear();
}
