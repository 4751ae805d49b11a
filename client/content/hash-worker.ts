import { ContentError } from '../errors.ts';
import { hashBlob, type BlobTask, type Done, type HashedBlob } from './hash-blob.ts';

/** What a Web Worker says of the file that it was given: what it did since its last word; at the end what came of it. */
export type HashMessage =
  | { progress: Done }
  | { hashed: HashedBlob }
  | { fault: Pick<ContentError, 'code' | 'path' | 'detail'> }
  | { failed: string };

/** Bytes, or rows, between two reports of progress. */
const REPORT_BYTES = 4 * 1024 * 1024;
const REPORT_ROWS = 65_536;

const say = (message: HashMessage): void => globalThis.postMessage(message);

async function hash(task: BlobTask): Promise<HashedBlob> {
  let pending: Done = { bytes: 0, rows: 0 };
  const report = (): void => {
    say({ progress: pending });
    pending = { bytes: 0, rows: 0 };
  };
  const hashed = await hashBlob(task, ({ bytes, rows }) => {
    pending.bytes += bytes;
    pending.rows += rows;
    if (pending.bytes >= REPORT_BYTES || pending.rows >= REPORT_ROWS) report();
  });
  report();
  return hashed;
}

async function answer(task: BlobTask): Promise<void> {
  try {
    say({ hashed: await hash(task) });
  } catch (error) {
    // An error of one's own loses its class on the way.
    if (error instanceof ContentError) say({ fault: { code: error.code, path: error.path, detail: error.detail } });
    else say({ failed: error instanceof Error ? error.message : 'unknown' });
  }
}

globalThis.addEventListener('message', (event: MessageEvent<BlobTask>) => void answer(event.data));
