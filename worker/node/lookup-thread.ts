// Answers look-ups from a connection of its own that only reads.
import { parentPort, workerData } from 'node:worker_threads';
import { createContentIndex } from '../content/content-index.ts';
import type { LookupAnswer, LookupPart, LookupThreadData } from './lookup-threads.ts';
import { openSqlite } from './sqlite.ts';

const { file, migrations } = workerData as LookupThreadData;
// Pages of the file are read where the system has them: in memory of its own it needs those of the log only.
const index = createContentIndex(openSqlite(file, migrations, { isRebuildable: true, cache: 16 }));
const say = (answer: LookupAnswer): void => parentPort?.postMessage(answer);

let last: Promise<void> = Promise.resolve();

parentPort?.on('message', ({ digests, each }: LookupPart) => {
  // One after the other: answers are told apart by their order.
  last = last.then(() => index.find(digests, each)).then(say, () => say(null));
});
say('ready');
