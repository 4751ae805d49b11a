import { parentPort, workerData } from 'node:worker_threads';
import { digestLines } from '../../../protocol/rows/jsonl.ts';
import { RowDigester } from '../../../protocol/rows/row-digester.ts';
import { rowSourceOf } from '../../../protocol/rows/row-source.ts';
import type { RowsError } from '../../../protocol/rows/rows-error.ts';
import { hashSmall } from './hash-file.ts';
import { hashSpooled, type FileTask, type SpooledFile } from './hash-spooled.ts';
import { Spool } from './spool.ts';

/** Whole lines of a file, which are `piece[from, end)`. The buffer comes and goes with the message. */
export interface LinesTask {
  piece: Uint8Array<ArrayBuffer>;
  from: number;
  end: number;
}

export interface DigestedLines {
  digests: Uint8Array<ArrayBuffer>;
  lines: number;
  raw: number;
  /** The piece, to be used again. */
  piece: Uint8Array<ArrayBuffer>;
}

/** What a thread is asked, by number. */
export type HashRequest = { id: number } & ({ files: readonly FileTask[] } | { lines: LinesTask });

/** What it says: bytes and rows done since the last word, and at the end what came of a request, or why nothing did. */
export type HashMessage =
  | { bytes: number; rows: number }
  | { id: number; done: SpooledFile[] | DigestedLines }
  | {
      id: number;
      failed: {
        name: string;
        message: string;
        code?: string | undefined;
        path?: string | undefined;
        line?: number | undefined;
      };
    };

/** Milliseconds between two reports of progress. */
const REPORT = 100;

const port = parentPort;
// The process removes the folder, and the operating system closes the file with the thread.
const spool = new Spool(workerData as string);
const digester = new RowDigester();

const say = (message: HashMessage, transfer: ArrayBuffer[] = []): void => port?.postMessage(message, transfer);

async function hash(tasks: readonly FileTask[]): Promise<SpooledFile[]> {
  let [bytes, rows, reported] = [0, 0, performance.now()];
  const report = (): void => {
    say({ bytes, rows });
    [bytes, rows, reported] = [0, 0, performance.now()];
  };
  const onProgress = (moreBytes: number, moreRows: number): void => {
    bytes += moreBytes;
    rows += moreRows;
    if (performance.now() - reported >= REPORT) report();
  };
  const onBytes = (moreBytes: number): void => onProgress(moreBytes, 0);
  const done: SpooledFile[] = [];
  for (const task of tasks) {
    // Where there are many files, they are small: a wait for each would take a twentieth of the time.
    const small = rowSourceOf(task.path) === null ? hashSmall(task.location, onBytes) : null;
    done.push(small === null ? await hashSpooled(task, spool, onProgress) : { ...small, list: null });
  }
  report();
  return done;
}

function digest({ piece, from, end }: LinesTask): DigestedLines {
  digester.raw = 0;
  const lines = digestLines(digester, piece, from, end);
  return { digests: digester.take().slice(), lines, raw: digester.raw, piece };
}

async function answer(request: HashRequest): Promise<void> {
  const { id } = request;
  try {
    if ('files' in request) return say({ id, done: await hash(request.files) });
    const done = digest(request.lines);
    say({ id, done }, [done.digests.buffer, done.piece.buffer]);
  } catch (error) {
    digester.take();
    const { name, message, code, path, line } = error as NodeJS.ErrnoException & Partial<RowsError>;
    say({ id, failed: { name, message, code, path, line } });
  }
}

port?.on('message', (request: HashRequest) => void answer(request));
