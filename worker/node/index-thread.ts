// Owns the connection that writes the content index, and fills it: hashing and sorting a million rows at a time is no work
// for the thread that answers requests.
import { parentPort, workerData } from 'node:worker_threads';
import { createFileBlobs } from './file-blobs.ts';
import type { Filled, IndexThreadData } from './index-database.ts';
import { serveWrites } from './serve-writes.ts';
import { openSqlite } from './sqlite.ts';

/** Blocks of one transaction: a whole segment. A page of the index is written once for all rows that fall on it. */
const BLOCKS = 256;

const { file, migrations, isRebuildable, blobs } = workerData as IndexThreadData;
const database = openSqlite(file, migrations, { isRebuildable });
const filling = {
  database,
  blobs: createFileBlobs(blobs),
  log: (event: NonNullable<Filled['event']>) => parentPort?.postMessage({ event } satisfies Filled),
};
const closing = new AbortController();
const { signal } = closing;
let isFilling = false;

serveWrites(database, (message) => {
  if (message === 'close') closing.abort();
  if (message === 'fill' && !isFilling) void fill();
});

async function fill(): Promise<void> {
  isFilling = true;
  try {
    // Loaded once there is something to fill: most registries start with nothing.
    const { fillStep } = await import('../content/fill.ts');
    // Batches that came meanwhile are written between two steps.
    while (!signal.aborted && (await fillStep(filling, BLOCKS))) await new Promise(setImmediate);
    isFilling = false;
    parentPort?.postMessage({ filled: null } satisfies Filled);
  } catch (error) {
    isFilling = false;
    if (!signal.aborted) parentPort?.postMessage({ filled: String(error) } satisfies Filled);
  }
}
