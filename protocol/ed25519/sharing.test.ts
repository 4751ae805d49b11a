import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shared, type Hands } from './sharing.ts';

interface Job {
  verdict: boolean;
  fails?: boolean;
}

/** Hands that note who did what, and work only when they are told to. */
function hands(others: number) {
  const done: { here: Job[]; there: Job[] } = { here: [], there: [] };
  const out: (() => void)[] = [];
  const turns: (() => void)[] = [];
  const settle = ({ verdict, fails }: Job): boolean => {
    if (fails === true) throw new Error('failed');
    return verdict;
  };
  const each: Hands<Job> = {
    others,
    there: (job) => {
      done.there.push(job);
      return new Promise((resolve) => out.push(() => resolve((async () => settle(job))())));
    },
    here: (job) => {
      done.here.push(job);
      return settle(job);
    },
    later: (work) => void turns.push(work),
  };
  return { done, out, turns, share: shared(each) };
}

const jobs = (count: number): Job[] => Array.from({ length: count }, (_, i) => ({ verdict: i % 2 === 0 }));

/** Until whoever waited for what was done has heard of it. */
async function settled(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve();
}

describe('jobs are shared', () => {
  test('while the caller is busy others get the first at once, and the rest in ever larger bursts', () => {
    const { done, share } = hands(2);
    const started = new Set<number>();
    for (const job of jobs(256)) {
      void share(job);
      started.add(done.there.length);
    }
    expect([...started]).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 192]);
    expect(done.here).toEqual([]);
  });

  test('once it lets go it does one job a turn, and others have as many as they are to have', async () => {
    const { done, out, turns, share } = hands(2);
    const all = jobs(8);
    const verdicts = Promise.all(all.map(share));
    expect([done.there.length, done.here.length, turns.length]).toEqual([4, 0, 1]);
    turns.shift()?.();
    expect([done.there.length, done.here.length, turns.length]).toEqual([4, 1, 1]);
    for (const finish of out.splice(0)) finish();
    await settled();
    turns.shift()?.();
    expect([done.there.length, done.here.length, turns.length]).toEqual([6, 2, 0]);
    for (const finish of out.splice(0)) finish();
    expect(await verdicts).toEqual(all.map(({ verdict }) => verdict));
  });

  test('without others all is done here', async () => {
    const alone = hands(0);
    const verdicts = Promise.all(jobs(5).map(alone.share));
    while (alone.turns.length > 0) alone.turns.shift()?.();
    expect(await verdicts).toEqual(jobs(5).map(({ verdict }) => verdict));
    expect(alone.done.there).toEqual([]);
  });
});

const job = fc.record({ verdict: fc.boolean(), fails: fc.boolean() });
/** What happens next: jobs come in, the caller lets go, or another thread is done with one of those it has. */
const step = fc.oneof(
  fc.record({ come: fc.array(job, { maxLength: 40 }) }),
  fc.constant('turn' as const),
  fc.record({ finish: fc.nat() }),
);

test('whatever comes when, each job is done once and answered with its own verdict, or its own failure', () =>
  fc.assert(
    fc.asyncProperty(fc.nat({ max: 8 }), fc.array(step, { maxLength: 30 }), async (others, steps) => {
      const { done, out, turns, share } = hands(others);
      const asked: Job[] = [];
      const answers: Promise<Job>[] = [];
      for (const each of steps) {
        if (each === 'turn') turns.shift()?.();
        else if ('finish' in each) out.splice(each.finish % Math.max(out.length, 1), 1)[0]?.();
        else {
          for (const one of each.come) {
            const answer = share(one).then(
              (verdict) => ({ verdict, fails: false }),
              () => ({ ...one, fails: true }),
            );
            asked.push(one);
            answers.push(answer);
          }
        }
        await Promise.resolve();
      }
      while (turns.length > 0 || out.length > 0) {
        turns.shift()?.();
        out.shift()?.();
        await settled();
      }
      expect(await Promise.all(answers)).toEqual(asked);
      expect(new Set([...done.here, ...done.there])).toEqual(new Set(asked));
      expect(done.here.length + done.there.length).toBe(asked.length);
    }),
    { numRuns: 100 },
  ));
