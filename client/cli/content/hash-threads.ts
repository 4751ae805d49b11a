import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FileTask, SpooledFile } from './hash-spooled.ts';
import type { DigestedLines, HashMessage, HashRequest, LinesTask } from './hash-thread.ts';
import type { SpoolFolder } from './spool.ts';

/** What a damaged file can make a thread take before that ends, and this process does not: MiB. */
const THREAD_MEMORY = 1024;

interface Waiting {
  resolve(done: SpooledFile | DigestedLines): void;
  reject(error: Error): void;
}

/** A thread, and who waits for what it was asked. */
interface Thread {
  worker: Worker;
  waiting: Map<number, Waiting>;
}

/** Threads that hash. Whatever is asked goes to the one that has the least to do; each does one thing after the other. */
export class HashThreads {
  readonly count: number;
  readonly #threads: readonly Thread[];
  #requests = 0;

  constructor(count: number, folder: SpoolFolder, onBytes: (bytes: number) => void) {
    this.count = count;
    this.#threads = Array.from({ length: count }, (_, i) => startThread(join(folder.path, `${i}`), onBytes));
  }

  hashFile(file: FileTask): Promise<SpooledFile> {
    return this.#ask((id) => ({ id, file })) as Promise<SpooledFile>;
  }

  /** Takes the buffer that the piece is in. */
  digestLines(lines: LinesTask): Promise<DigestedLines> {
    return this.#ask((id) => ({ id, lines }), [lines.piece.buffer]) as Promise<DigestedLines>;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #ask(request: (id: number) => HashRequest, transfer: ArrayBuffer[] = []): Promise<SpooledFile | DigestedLines> {
    const thread = this.#threads.reduce((least, each) => (each.waiting.size < least.waiting.size ? each : least));
    const id = this.#requests++;
    return new Promise((resolve, reject) => {
      thread.waiting.set(id, { resolve, reject });
      thread.worker.postMessage(request(id), transfer);
    });
  }
}

function startThread(spool: string, onBytes: (bytes: number) => void): Thread {
  const worker = new Worker(new URL('./hash-thread.ts', import.meta.url), {
    workerData: spool,
    resourceLimits: { maxOldGenerationSizeMb: THREAD_MEMORY },
  });
  const waiting = new Map<number, Waiting>();
  worker.on('message', (message: HashMessage) => {
    if ('progress' in message) return onBytes(message.progress);
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if ('done' in message) asked?.resolve(message.done);
    else asked?.reject(Object.assign(new Error(message.failed.message), message.failed));
  });
  worker.on('error', (error) => {
    for (const { reject } of waiting.values()) reject(error as Error);
    waiting.clear();
  });
  return { worker, waiting };
}
