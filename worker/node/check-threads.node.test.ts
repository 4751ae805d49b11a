import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { drafts, signed, signerOf } from '../../test/support/statements.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { ok } from '../../protocol/result.ts';
import { checkWith } from '../admission/check.ts';
import { POOL, type Outcome } from '../log/sequencer.ts';
import { startCheckThreads, type CheckThreads } from './check-threads.ts';
import type { CheckedJob } from './registry-database.ts';

/** Logs whatever is good, and says of it what was checked. */
function open() {
  const died = Promise.withResolvers<Error>();
  const jobs: CheckedJob[] = [];
  const reports: string[] = [];
  const connect = vi.fn<() => MessagePort>(() => {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (heard: CheckedJob[]) => {
      jobs.push(...heard);
      for (const { ticket, checked } of heard) threads.settle(ticket, checked.map(outcomeOf));
    });
    port1.unref();
    return port2;
  });
  const report = (event: string): void => void reports.push(event);
  const threads: CheckThreads = startCheckThreads(2, { died: died.promise, connect }, report);
  opened.push(threads);
  return { threads, died, jobs, connect, reports };
}
const opened: CheckThreads[] = [];
afterEach(async () => {
  for (const threads of opened.splice(0)) await threads.close();
});

const outcomeOf = (result: CheckedJob['checked'][number]): Outcome =>
  result.ok
    ? ok({ id: result.value.id, kind: 'DatasetRecord', index: 0, loggedAt: '', receipt: '', isNew: true })
    : result;

const statement = async (person: string) => {
  const signer = await signerOf(person);
  return signed(drafts.record(signer.did, person), signer);
};

const refusedWith = (code: string, outcomes: readonly Outcome[]) =>
  expect(outcomes).toMatchObject(outcomes.map(() => ({ ok: false, reason: { code } })));

describe('checking on threads', () => {
  test('passes on of each statement what this thread would say, in order', async () => {
    const { threads, jobs } = open();
    const good = (await statement('ada')).canonical;
    const inputs = [good, '{', good.replace('"proofPurpose"', '"proofpurpose"'), good.replace('2026', '2025'), good];
    const outcomes = await threads.submit(inputs);
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([true, false, false, false, true]);
    const { did } = await signerOf('ada');
    expect(jobs[0]?.checked[0]).toMatchObject({ value: { canonical: good, issuer: did } });
    expect(jobs[0]?.checked).toEqual(await checkWith(verifySignature)(inputs));
  });

  test('gives every caller its own answers, though a slow message may be overtaken', async () => {
    const { threads } = open();
    const people = await Promise.all(Array.from({ length: 120 }, (_, i) => statement(`person ${i}`)));
    const answers = await Promise.all(
      people.map(async ({ canonical }, i) => {
        // Callers arrive over many turns of the event loop, so in many messages; new keys make some of them slow.
        for (let turn = 0; turn < i % 7; turn++) await new Promise((resolve) => setImmediate(resolve));
        return threads.submit(i % 3 === 0 ? [canonical, '{'] : [canonical]);
      }),
    );
    for (const [i, outcomes] of answers.entries()) {
      const [outcome] = outcomes;
      expect(outcomes).toHaveLength(i % 3 === 0 ? 2 : 1);
      expect(outcome?.ok === true && outcome.value.id).toBe(people[i]?.id);
    }
  });

  test('refuses what would wait too long', async () => {
    const { threads } = open();
    refusedWith('overloaded', await threads.submit(Array.from({ length: POOL.statements + 1 }, () => '{')));
    refusedWith('overloaded', await threads.submit(['x'.repeat(POOL.bytes + 1)]));
  });

  test('nobody waits for threads that were closed, or for a log that nobody commits to', async () => {
    const { threads, died } = open();
    const meanwhile = threads.submit(['{']);
    died.resolve(new Error('the disk is gone'));
    refusedWith('unavailable', await meanwhile);
    refusedWith('unavailable', await threads.submit(['{']));
    const { threads: others } = open();
    const last = others.submit(['{']);
    await others.close();
    refusedWith('unavailable', await last);
    refusedWith('unavailable', await others.submit(['{']));
  });

  test('a thread that dies takes along what it has, whose senders are told, and another takes its place', async () => {
    const { threads } = open();
    await threads.submit(['{']);
    const send = vi.spyOn(Worker.prototype, 'postMessage').mockImplementationOnce(function (this: Worker) {
      send.mockRestore();
      this.postMessage('no jobs');
    });
    const most = Array.from({ length: POOL.statements }, () => '{');
    const lost = threads.submit(most);
    refusedWith('overloaded', await threads.submit(['{']));
    refusedWith('unavailable', await lost);
    refusedWith('invalid-json', await threads.submit(most));
  });

  test('threads that only die are started ever less often, and nobody waits for them', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { threads, connect, reports } = open();
    const { postMessage } = Worker.prototype;
    const send = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker) {
      postMessage.call(this, 'no jobs');
    });
    onTestFinished(() => send.mockRestore());
    refusedWith('unavailable', await threads.submit(['{']));
    for (const [deaths, pause] of [
      [1, 10],
      [2, 20],
      [3, 40],
    ] as const) {
      // More than one thread takes at a time.
      const waiting = Array.from({ length: 40 }, () => threads.submit(['{']));
      vi.advanceTimersByTime(pause - 1);
      await new Promise((resolve) => setImmediate(resolve));
      expect(connect).toHaveBeenCalledTimes(deaths);
      vi.advanceTimersByTime(1);
      refusedWith('unavailable', (await Promise.all(waiting)).flat());
      expect(connect).toHaveBeenCalledTimes(deaths + 1);
    }
    expect(reports).toEqual(Array.from({ length: 4 }, () => 'check-thread-died'));
    send.mockRestore();
    const last = threads.submit(['{']);
    vi.advanceTimersByTime(80);
    refusedWith('invalid-json', await last);
  });
});
