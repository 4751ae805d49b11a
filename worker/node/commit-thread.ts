// Owns the connection that writes, and the sequencer with it: what a commit reads and waits for is nothing to the thread
// that answers requests.
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { createSequencer } from '../log/sequencer.ts';
import { loggedIn } from '../statements/logged.ts';
import { admitChecked, type Admission } from '../statements/submit.ts';
import { loadKeyFile } from './key-file.ts';
import { createLimiter } from './limiter.ts';
import type { CheckedJob, CommitMessage, CommitRequest, SequencedLog } from './registry-database.ts';
import { serveWrites } from './serve-writes.ts';
import { openSqlite } from './sqlite.ts';
import type { ThreadData } from './threaded-sqlite.ts';

const { file, migrations } = workerData as ThreadData;
// A commit that splits a page makes SQLite go through all that it holds in memory: little more than what leads to the
// leaves of the indexes is less than what that costs a small commit.
const database = openSqlite(file, migrations, { cache: 16 });
const log = Promise.withResolvers<Pick<Admission, 'limiter' | 'sequencer'>>();
const inbox: CheckedJob[] = [];
let size = 0;

serveWrites(database, (message: CommitRequest | 'close') => {
  if (message === 'close') inbox.length = 0;
  else if ('log' in message) log.resolve(sequence(message.log));
  else receiveFrom(message.checked);
});

const say = (message: CommitMessage): void => parentPort?.postMessage(message);

async function sequence({ origin, keyFile, rateLimit }: SequencedLog) {
  return {
    limiter: createLimiter(rateLimit, Date.now),
    sequencer: createSequencer({
      database,
      origin,
      signer: await loadKeyFile(keyFile, 'log', false),
      now: Date.now,
      grew: (now) => void (size = now),
      report: (event, detail) => say({ event, detail }),
    }),
  };
}

function receiveFrom(port: MessagePort): void {
  port.on('message', (jobs: CheckedJob[]) => {
    // At the end of this turn of the event loop: what came during a commit is logged together.
    if (inbox.length === 0) setImmediate(() => void admitAll());
    inbox.push(...jobs);
  });
  // This thread is there for the one that started it.
  port.unref();
}

async function admitAll(): Promise<void> {
  const { limiter, sequencer } = await log.promise;
  const jobs = inbox.splice(0);
  // Asked once for all: most of what a query costs is not its ids.
  let asked: ReturnType<Admission['logged']> | null = null;
  const logged = () => (asked ??= loggedIn(database)(jobs.flatMap(({ checked }) => idsOf(checked))));
  const answers: NonNullable<CommitMessage['answers']> = [];
  for (const { ticket, checked } of jobs) {
    void admitChecked(checked, { logged, limiter, sequencer }).then((outcomes) => {
      // Those of one commit travel together, before the next one begins.
      if (answers.push({ ticket, outcomes }) === 1) queueMicrotask(() => say({ answers: answers.splice(0), size }));
    });
  }
}

const idsOf = (checked: CheckedJob['checked']) => checked.flatMap((result) => (result.ok ? [result.value.id] : []));
