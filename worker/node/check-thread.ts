// Checks statements in a thread of its own, many a message.
import { parentPort } from 'node:worker_threads';
import { ok } from '../../protocol/result.ts';
import { checkWith } from '../admission/check.ts';
import type { CheckRequest, CheckResponse } from './check-threads.ts';
import { verifyInThread } from './ed25519.ts';

const check = checkWith(verifyInThread);

let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (inputs: CheckRequest) => {
  // One after the other: answers are in the order of the questions.
  last = last.then(async () => {
    const results = await check(inputs);
    // The document is parsed again over there: that costs less than its structured clone.
    const response = results.map((result) =>
      result.ok ? ok({ id: result.value.id, canonical: result.value.canonical }) : result,
    );
    parentPort?.postMessage(response satisfies CheckResponse);
  });
});
