// Owns the connection that writes, and the sequencer with it: what a commit reads and waits for is nothing to the thread
// that answers requests.
import { parentPort, workerData } from 'node:worker_threads';
import { createSequencer, type Sequencer } from '../log/sequencer.ts';
import { loadKeyFile } from './key-file.ts';
import type { Append, CommitMessage, CommitRequest, SequencedLog } from './registry-database.ts';
import { serveWrites } from './serve-writes.ts';
import { openSqlite } from './sqlite.ts';
import type { ThreadData } from './threaded-sqlite.ts';

const { file, migrations } = workerData as ThreadData;
// A commit that splits a page makes SQLite go through all that it holds in memory: little more than what leads to the
// leaves of the indexes is less than what that costs a small commit.
const database = openSqlite(file, migrations, { cache: 16 });
let sequencer: Promise<Sequencer> | null = null;
const inbox: Append[] = [];
let size = 0;

serveWrites(database, (message: CommitRequest | 'close') => {
  if (message === 'close') inbox.length = 0;
  else if ('log' in message) sequencer = sequence(message.log);
  else {
    // At the end of this turn of the event loop: what came during a commit is logged together.
    if (inbox.length === 0) setImmediate(() => void appendAll());
    inbox.push(...message.appends);
  }
});

const say = (message: CommitMessage): void => parentPort?.postMessage(message);

async function sequence({ origin, keyFile }: SequencedLog): Promise<Sequencer> {
  return createSequencer({
    database,
    origin,
    signer: await loadKeyFile(keyFile, 'log', false),
    now: Date.now,
    grew: (now) => void (size = now),
    report: (event, detail) => say({ event, detail }),
  });
}

async function appendAll(): Promise<void> {
  const log = await sequencer;
  const answers: NonNullable<CommitMessage['answers']> = [];
  for (const { ticket, messages } of inbox.splice(0)) {
    void log?.append(messages).then((outcomes) => {
      // Those of one commit travel together, before the next one begins.
      if (answers.push({ ticket, outcomes }) === 1) queueMicrotask(() => say({ answers: answers.splice(0), size }));
    });
  }
}
