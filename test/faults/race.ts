import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ParsedStatement } from '../../protocol/statement.ts';
import type { Database } from '../../worker/database/port.ts';
import type { Outcome, Sequencer } from '../../worker/log/sequencer.ts';
import { openProof } from '../support/tlog-client.ts';
import { assemble, growTo, sequencerOver, START, type Cast } from './cast.ts';
import type { Shell, Storage } from './shell.ts';
import { query, verifyStored } from './stored-log.ts';

/** Two sequencers over one database: the platform may start a second one while the first still runs. */
export function races(shell: Shell): void {
  let cast: Cast;
  let storage: Storage;
  let first: Sequencer;
  let second: Sequencer;

  beforeAll(async () => {
    cast = await assemble();
  });
  beforeEach(async () => {
    storage = await shell.open();
    first = sequencerOver(storage.database, cast);
    second = sequencerOver(storage.connect(), cast);
    await growTo(5, first, cast);
  });
  afterEach(() => storage.close());

  test('interleaved submissions: nothing lost, nothing twice, one chain of checkpoints', async () => {
    const everything: ParsedStatement[] = [];
    for (let round = 0; round < 20; round++) {
      const [a, b, shared] = [
        await cast.several(1 + (round % 3)),
        await cast.several(1 + (round % 4)),
        await cast.several(2),
      ];
      const answers = await Promise.all([
        first.append(a),
        second.append(b),
        first.append(shared),
        second.append(shared.toReversed()),
      ]);
      await expectTruth([a, b, shared, shared.toReversed()], answers);
      const isNew = answers.flat().filter((outcome) => outcome.ok && outcome.value.isNew);
      expect(isNew.length, 'of what both got, one logged it').toBe(a.length + b.length + shared.length);
      everything.push(...a, ...b, ...shared);
    }
    const ids = await verifyStored(storage.database, cast.logKey);
    expect(ids.slice(5).toSorted()).toEqual(everything.map(({ id }) => id).toSorted());
  });

  test('a sequencer that loses every race of a long run is never refused', async () => {
    const busy = await cast.several(60);
    const slow = await cast.several(10);
    const running = (async () => {
      const answers: Outcome[] = [];
      for (const statement of busy) answers.push(...(await first.append([statement])));
      return answers;
    })();
    const losing: Outcome[] = [];
    for (const statement of slow) losing.push(...(await second.append([statement])));
    await expectTruth([busy, slow], [await running, losing]);
    expect(await verifyStored(storage.database, cast.logKey)).toHaveLength(75);
  });

  test('a sequencer restarted while the one before still commits', async () => {
    const given: ParsedStatement[][] = [];
    const answers: Promise<Outcome[]>[] = [];
    let current = first;
    for (let restart = 0; restart < 8; restart++) {
      for (let i = 0; i < 3; i++) {
        const group = await cast.several(1 + i);
        given.push(group);
        // Not awaited: the old one is left with this in flight.
        answers.push(current.append(group));
      }
      current = sequencerOver(storage.connect(), cast);
    }
    await expectTruth(given, await Promise.all(answers));
    expect(await verifyStored(storage.database, cast.logKey)).toHaveLength(5 + given.flat().length);
  });

  test.each(['reads', 'writes'] as const)('a group is answered, however long the next one %s', async (what) => {
    const held = Promise.withResolvers<void>();
    const [one, other] = [await cast.several(2), await cast.several(3)];
    const next: Promise<Outcome[]>[] = [];
    const database: Database = {
      async all(wanted) {
        if (what === 'reads' && next.length > 0) await held.promise;
        return storage.database.all(wanted);
      },
      async batch(writes) {
        if (next.length === 0) next.push(sequencer.append(other));
        else await held.promise;
        await storage.database.batch(writes);
      },
    };
    const sequencer = sequencerOver(database, cast);
    await expectTruth([one], [await sequencer.append(one)]);
    held.resolve();
    await expectTruth([other], await Promise.all(next));
  });

  test('a clock that jumps back: no entry is older than the one before, before or after a restart', async () => {
    const jumps = [5000, 4000, -3_600_000, 6000, -86_400_000, 5999, 6001];
    let at = 0;
    const now = (): number => START + (jumps[at++ % jumps.length] as number);
    for (let i = 0; i < 4; i++) {
      const sequencer = sequencerOver(storage.database, cast, { now });
      for (let j = 0; j < 3; j++) {
        const [outcome] = await sequencer.append([await cast.another()]);
        expect(outcome?.ok).toBe(true);
      }
    }
    await verifyStored(storage.database, cast.logKey);
    const [{ newest } = { newest: 0 }] = await query<{ newest: number }>(
      storage.database,
      'SELECT max(logged_at) AS newest FROM statements',
    );
    expect(newest).toBe(START + 6001);
  });

  async function expectTruth(given: readonly ParsedStatement[][], answers: readonly Outcome[][]): Promise<void> {
    const rows = await query<{ log_index: number; id: string }>(
      storage.database,
      'SELECT log_index, id FROM statements',
    );
    const indexOf = new Map(rows.map((row) => [row.id, row.log_index]));
    for (const [g, group] of given.entries()) {
      for (const [i, { id }] of group.entries()) {
        const outcome = answers[g]?.[i];
        if (outcome?.ok !== true) throw new Error(`refused: ${outcome?.reason.code} ${outcome?.reason.detail}`);
        expect(outcome.value.index).toBe(indexOf.get(outcome.value.id));
        expect(outcome.value.id).toBe(id);
        expect((await openProof(outcome.value.receipt, cast.logKey)).index).toBe(outcome.value.index);
      }
    }
  }
}
