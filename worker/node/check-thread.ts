// Checks statements in a thread of its own, many a message, and passes them on to the thread that commits.
import { parentPort, workerData } from 'node:worker_threads';
import { checkWith } from '../admission/check.ts';
import type { CheckRequest, CheckThreadData } from './check-threads.ts';
import { verifyInThread } from './ed25519.ts';
import type { CheckedJob } from './registry-database.ts';

const { committing } = workerData as CheckThreadData;
const check = checkWith(verifyInThread);

let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (jobs: CheckRequest) => {
  // One after the other: messages are passed on in the order in which they came.
  last = last.then(async () => {
    const checked = await check(jobs.flatMap(({ inputs }) => inputs));
    committing.postMessage(
      jobs.map(({ ticket, inputs }): CheckedJob => ({ ticket, checked: checked.splice(0, inputs.length) })),
    );
    parentPort?.postMessage(null);
  });
});
