// Checks statements in a thread of its own, many a message.
import { parentPort } from 'node:worker_threads';
import { checkWith } from '../admission/check.ts';
import type { CheckRequest, CheckResponse } from './check-threads.ts';
import { verifyInThread } from './ed25519.ts';

const check = checkWith(verifyInThread);

let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (inputs: CheckRequest) => {
  // One after the other: answers are in the order of the questions.
  last = last.then(async () => {
    parentPort?.postMessage((await check(inputs)) satisfies CheckResponse);
  });
});
