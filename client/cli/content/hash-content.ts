import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { rowSourceOf } from '../../../protocol/rows/row-source.ts';
import { explain } from './explain.ts';
import { hashLines } from './hash-lines.ts';
import { hashSpooled, type OnProgress, type SpooledFile } from './hash-spooled.ts';
import { HashThreads, isParquet } from './hash-threads.ts';
import { Spool, type SpoolFolder } from './spool.ts';
import type { FoundFile } from './walk.ts';

/** From how many bytes on which way of hashing is worth it. */
export interface Thresholds {
  /** Below this a thread takes longer to start than the hashing takes. */
  thread: number;
  /** From here on JSON lines are spread over all threads. */
  allThreads: number;
}

const MIB = 1024 * 1024;
const THRESHOLDS: Thresholds = { thread: 32 * MIB, allThreads: 16 * MIB };
/** From here on Parquet files are read one at a time, for a row group of each would be in memory; others, the largest first. */
const LARGE = MIB;
/** Small files travel to a thread together: up to so many, and so many bytes. */
const TOGETHER = { files: 400, bytes: 8 * MIB };
const CORES = availableParallelism();

/** Hashes files on all cores, or right here where that is quicker, into `folder`. Answers in the order given. */
export async function hashContent(
  files: readonly FoundFile[],
  folder: SpoolFolder,
  onProgress?: OnProgress,
  thresholds?: Thresholds,
): Promise<SpooledFile[]> {
  await using hasher = new ContentHasher(folder, onProgress, thresholds);
  for (const file of files) hasher.add(file);
  const hashed = await hasher.end();
  return files.map((file) => hashed.get(file) as SpooledFile);
}

/** Hashes files that come one after the other: small ones at once, so that a folder may still be walked meanwhile. */
export class ContentHasher implements AsyncDisposable {
  readonly #folder: SpoolFolder;
  readonly #onProgress: OnProgress;
  readonly #thresholds: Thresholds;
  readonly #threads: HashThreads;
  readonly #works: Promise<void>[] = [];
  readonly #files: FoundFile[] = [];
  readonly #hashed = new Map<FoundFile, SpooledFile>();
  #bytes = 0;
  #needsThreads = false;
  /** What goes to a thread together, that which goes first at the end; and what is to go with it. */
  readonly #bundles: FoundFile[][] = [];
  #bundle: FoundFile[] = [];
  #bundleBytes = 0;
  /** Wait until all are known: one taken last would leave the other cores idle. */
  readonly #large: FoundFile[] = [];
  readonly #alone: FoundFile[] = [];
  #isComplete = false;
  #more = Promise.withResolvers<void>();

  constructor(folder: SpoolFolder, onProgress: OnProgress = () => {}, thresholds: Thresholds = THRESHOLDS) {
    this.#folder = folder;
    this.#onProgress = onProgress;
    this.#thresholds = thresholds;
    this.#threads = new HashThreads(folder, onProgress);
  }

  /** Takes a file; none twice. */
  readonly add = (file: FoundFile): void => {
    this.#files.push(file);
    this.#bytes += file.bytes;
    // What decodes Parquet can be made to take all memory: not that of this thread.
    this.#needsThreads ||= this.#bytes >= this.#thresholds.thread || isParquet(file);
    if (this.#needsThreads) this.#start(Math.min(this.#files.length, CORES));
    if (file.bytes < LARGE && !isParquet(file) && !this.#isSpread(file)) this.#put(file);
    else this.#large.push(file);
  };

  /** What the files are hashed to, once all were added. */
  async end(): Promise<ReadonlyMap<FoundFile, SpooledFile>> {
    try {
      using spool = new Spool(join(this.#folder.path, 'here'));
      await (this.#needsThreads ? this.#endOnThreads(spool) : this.#hashHere(spool));
      return this.#hashed;
    } catch (error) {
      throw explain(error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#threads.close();
  }

  #isSpread(file: FoundFile): boolean {
    if (file.bytes < this.#thresholds.allThreads) return false;
    const source = rowSourceOf(file.path);
    return source?.format === 'jsonl' && !source.isGzip;
  }

  async #hashHere(spool: Spool): Promise<void> {
    for (const file of this.#files) this.#hashed.set(file, await hashSpooled(file, spool, this.#onProgress));
  }

  async #endOnThreads(spool: Spool): Promise<void> {
    const large = this.#large.toSorted((a, b) => a.bytes - b.bytes);
    const spread = large.filter((file) => this.#isSpread(file));
    if (spread.length > 0) this.#start(CORES);
    for (const file of spread.toReversed())
      this.#hashed.set(file, await hashLines(file, this.#threads, spool, this.#onProgress));
    for (const file of large) {
      if (isParquet(file) && file.bytes >= LARGE) this.#alone.push(file);
      else if (!this.#isSpread(file)) this.#put(file);
    }
    this.#isComplete = true;
    this.#send();
    const results = await Promise.allSettled(this.#works);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #start(threads: number): void {
    this.#threads.start(threads);
    while (this.#works.length < threads) {
      const work = this.#work(this.#works.length === 0);
      // Whatever failed is heard of at the end: where files cannot be listed either, that is said instead.
      work.catch(() => {});
      this.#works.push(work);
    }
  }

  /** Has one bundle after the other hashed; of all that do, the first takes what is not to be done twice at once. */
  async #work(isFirst: boolean): Promise<void> {
    for (;;) {
      const next = this.#isComplete && isFirst ? this.#alone.pop() : undefined;
      const bundle = next === undefined ? this.#bundles.pop() : [next];
      if (bundle !== undefined) {
        const done = await this.#threads.hashFiles(bundle.map(({ path, location }) => ({ path, location })));
        for (const [i, file] of bundle.entries()) this.#hashed.set(file, done[i] as SpooledFile);
      } else if (this.#isComplete) return;
      else await this.#more.promise;
    }
  }

  /** Puts a file beside those that travel with it; a Parquet file travels alone. */
  #put(file: FoundFile): void {
    if (isParquet(file)) this.#send();
    this.#bundle.push(file);
    this.#bundleBytes += file.bytes;
    const isFull = this.#bundleBytes >= TOGETHER.bytes || this.#bundle.length >= TOGETHER.files;
    if (isFull || isParquet(file)) this.#send();
  }

  #send(): void {
    if (this.#bundle.length > 0) this.#bundles.push(this.#bundle);
    [this.#bundle, this.#bundleBytes] = [[], 0];
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}
