import { pathFault } from '../../protocol/path.ts';
import { ContentError } from '../errors.ts';
import { rowDigestsIn } from './blob-list.ts';
import type { ContentFile } from './content-file.ts';
import type { BlobTask, Done, HashedBlob } from './hash-blob.ts';
import type { HashMessage } from './hash-worker.ts';
import { mediaTypeOf } from './media-type.ts';

/** How many rows' digests are kept of all files together unless told otherwise: 32 bytes each, 1 GiB. */
const MAX_ROWS = 2 ** 25;
/** Each may hold what a row group of Parquet takes. */
const MAX_WORKERS = 4;

/** How far it is. */
export interface HashProgress extends Done {
  /** Bytes of all files. */
  totalBytes: number;
}

export interface HashFilesOptions {
  /**
   * Starts a Web Worker that runs `firsthand/hash-worker`; one is started for each core that has a file to hash, and
   * ended with the call. Give it where the bundler does not know `new Worker(new URL(…, import.meta.url))`.
   */
  worker?: () => Worker;
  onProgress?: (progress: HashProgress) => void;
  /** Ends the workers at once; what it throws is the signal's reason. */
  signal?: AbortSignal;
  /** Rows of all files together, past which it refuses: 2^25, which is 1 GiB of digests. */
  maxRows?: number;
}

/** Files as a browser gives them, or bytes with a path of one's own. */
export type PickedFile = File | BlobTask;

/**
 * Hashes files and their rows as the command line does, in Web Workers; here, a piece at a time, where the platform has
 * none. Memory is bounded whatever the files' sizes, but for 32 bytes a row, in Blobs that the browser may keep on disk.
 * What it answers is in the order given, and is content to verify or, by `manifestFiles`, a manifest's.
 *
 * A file of a picked folder goes by its path below that folder. Throws {@link ContentError}, which names the file.
 *
 * @example
 * const files = await hashFiles(input.files, { onProgress: ({ bytes, totalBytes }) => show(bytes / totalBytes) });
 * const { report } = await verifyCertificates({ certificates, trust, policy, now, content: { files, manifests } });
 */
export async function hashFiles(
  files: Iterable<PickedFile>,
  { worker, onProgress = () => {}, signal, maxRows = MAX_ROWS }: HashFilesOptions = {},
): Promise<ContentFile[]> {
  signal?.throwIfAborted();
  const tasks = Array.from(files, taskOf);
  const progress = { bytes: 0, rows: 0, totalBytes: tasks.reduce((sum, { blob }) => sum + blob.size, 0) };
  const onDone = ({ path }: BlobTask, { bytes, rows }: Done): void => {
    signal?.throwIfAborted();
    progress.bytes += bytes;
    progress.rows += rows;
    if (progress.rows > maxRows) {
      throw new ContentError('too-many-rows', path, `has more rows than are left of ${maxRows} for all files`);
    }
    onProgress({ ...progress });
  };
  // Largest first: a large file taken last would leave the other cores idle.
  const queue = [...tasks.entries()].toSorted(([, a], [, b]) => a.blob.size - b.blob.size);
  const hashed: ContentFile[] = [];
  const lanes = startLanes(tasks.length, worker ?? WEB_WORKER);
  const work = async (lane: Lane): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [at, task] = next;
      hashed[at] = contentFile(task, await lane.hash(task, (done) => onDone(task, done)));
    }
  };
  const abort = abortOf(signal);
  try {
    await Promise.race([Promise.all(lanes.map(work)), abort.aborted]);
    return hashed;
  } finally {
    abort.forget();
    for (const lane of lanes) lane.close();
  }
}

function taskOf(file: PickedFile): BlobTask {
  // The first name is the picked folder's.
  const task =
    file instanceof Blob ? { path: file.webkitRelativePath?.replace(/^[^/]*\//, '') || file.name, blob: file } : file;
  const fault = pathFault(task.path);
  if (fault !== null) throw new ContentError('invalid-path', task.path, `the path ${fault}`);
  return task;
}

function contentFile({ path }: BlobTask, { list, ...hashed }: HashedBlob): ContentFile {
  return { path, mediaType: mediaTypeOf(path), ...hashed, rowDigests: list === null ? null : rowDigestsIn(list) };
}

/** Hashes one file after the other. */
interface Lane {
  /** Rejects with whatever `onDone` throws. */
  hash(task: BlobTask, onDone: (done: Done) => void): Promise<HashedBlob>;
  close(): void;
}

const WEB_WORKER: (() => Worker) | null =
  typeof Worker === 'undefined'
    ? null
    : () => new Worker(new URL('./hash-worker.ts', import.meta.url), { type: 'module' });

function startLanes(files: number, start: (() => Worker) | null): Lane[] {
  if (start === null) return [HERE];
  const count = Math.min(files, MAX_WORKERS, globalThis.navigator?.hardwareConcurrency ?? 1);
  return Array.from({ length: count }, () => laneOf(start()));
}

/** Loaded only where it is needed: a page that has workers need not carry it. */
const HERE: Lane = {
  hash: async (task, onDone) => (await import('./hash-blob.ts')).hashBlob(task, onDone),
  close() {},
};

interface Asked {
  onDone(done: Done): void;
  resolve(hashed: HashedBlob): void;
  reject(error: unknown): void;
}

function laneOf(worker: Worker): Lane {
  let asked: Asked | null = null;
  worker.addEventListener('message', ({ data }: MessageEvent<HashMessage>) => {
    if (asked !== null) hear(data, asked);
  });
  worker.addEventListener('error', ({ message }) =>
    asked?.reject(new Error(`the worker that hashes ended: ${message || 'it cannot be loaded'}`)),
  );
  return {
    hash: (task, onDone) =>
      new Promise((resolve, reject) => {
        asked = { onDone, resolve, reject };
        worker.postMessage(task);
      }),
    close() {
      asked = null;
      worker.terminate();
    },
  };
}

function hear(message: HashMessage, { onDone, resolve, reject }: Asked): void {
  if ('hashed' in message) return resolve(message.hashed);
  if ('failed' in message) return reject(new Error(message.failed));
  if ('fault' in message) {
    const { code, path, detail } = message.fault;
    return reject(new ContentError(code, path, detail));
  }
  try {
    onDone(message.progress);
  } catch (reason) {
    reject(reason);
  }
}

/** Rejects once the signal is aborted. */
function abortOf(signal: AbortSignal | undefined): { aborted: Promise<never>; forget(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', abort);
  return { aborted: promise, forget: () => signal?.removeEventListener('abort', abort) };
}
