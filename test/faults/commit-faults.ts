import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ParsedStatement } from '../../protocol/statement.ts';
import type { Outcome, Sequencer } from '../../worker/log/sequencer.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';
import { openProof } from '../support/tlog-client.ts';
import { assemble, growTo, logAll, sequencerOver, type Cast } from './cast.ts';
import { FaultyDatabase, LASTING, PASSING } from './faulty.ts';
import { skipPauses } from './pauses.ts';
import { recorded, type Recording } from './recording.ts';
import type { Shell, Storage } from './shell.ts';
import { verifyStored } from './stored-log.ts';

/** A commit that a fault hits: the log before it, and what is submitted. */
interface Situation {
  name: string;
  before(sequencer: Sequencer, cast: Cast): Promise<void>;
  submissions(cast: Cast): Promise<ParsedStatement[]>;
}

const opened = (sequencer: Sequencer, cast: Cast): Promise<void> => growTo(cast.opening.length, sequencer, cast);
const sized = (size: number) => (sequencer: Sequencer, cast: Cast) => growTo(size, sequencer, cast);

const SITUATIONS: readonly Situation[] = [
  { name: 'entry 0 of an empty log', before: async () => {}, submissions: async ({ opening }) => opening.slice(0, 1) },
  { name: 'one statement', before: opened, submissions: async ({ record }) => [record] },
  {
    name: 'a group, with one statement in it twice and one logged before',
    before: opened,
    submissions: async ({ opening, several }) => {
      const group = await several(30);
      return [...group, ...group.slice(7, 8), ...opening.slice(2)];
    },
  },
  {
    name: 'all kinds at once',
    before: async (sequencer, cast) => {
      await opened(sequencer, cast);
      await logAll(sequencer, [cast.record, await withdrawn(cast)]);
    },
    submissions: allKinds,
  },
  // A tile that is completed, one that is begun, both in one commit, one that grows, and a group over three tiles.
  { name: 'the 256th entry', before: sized(255), submissions: ({ several }) => several(1) },
  { name: 'the 257th entry', before: sized(256), submissions: ({ several }) => several(1) },
  { name: 'the 256th and the 257th entry', before: sized(255), submissions: ({ several }) => several(2) },
  { name: 'the 258th entry', before: sized(257), submissions: ({ several }) => several(1) },
  { name: '280 entries over three tiles', before: sized(250), submissions: ({ several }) => several(280) },
];

/** Those of which the others are parts: what is new in them is met in one of these as well. */
export const COMPOUND: readonly Situation[] = SITUATIONS.filter(({ name }) =>
  /^entry 0|^a group|^all kinds|^the 256th and|^280/.test(name),
);

const withdrawn = ({ alice }: Cast): Promise<ParsedStatement> =>
  signed(drafts.record(alice.did, 'withdrawn', { domain: ['mathematics'], language: ['en'] }), alice);

async function allKinds(cast: Cast): Promise<ParsedStatement[]> {
  const { operator, issuer, alice, record } = cast;
  const carol = await signerOf('carol');
  return [
    await signed(drafts.identityIssuer(carol.did), operator),
    await signed(drafts.credential(carol.did, 'Carol'), issuer),
    await signed(drafts.composition(alice.did, [record.id], { domain: ['mathematics'], keywords: ['sums'] }), alice),
    await signed(drafts.review(record.id), alice),
    await signed(drafts.grant(carol.did, record.id), alice),
    await signed(drafts.revocation((await withdrawn(cast)).id, { erase: true }), alice),
  ];
}

/**
 * Every write of a commit fails in every way; the caller hears the truth, and the log is none the worse. Replaying a world
 * to D1 takes its time: there it is those situations that are made of others that are tried.
 */
export function commitFaults(shell: Shell, situations: readonly Situation[] = SITUATIONS): void {
  let cast: Cast;
  let storage: Storage;
  let database: FaultyDatabase;
  let sequencer: Sequencer;
  skipPauses();

  beforeAll(async () => {
    cast = await assemble();
  });
  afterEach(() => storage.close());

  describe.each(situations)('$name', ({ before, submissions }) => {
    let world: Recording;
    let group: ParsedStatement[];

    beforeAll(async () => {
      world = await recorded(shell, (made) => before(sequencerOver(made, cast), cast));
      group = await submissions(cast);
    });
    beforeEach(async () => {
      storage = await shell.open();
      await world.replay(storage.database);
      database = new FaultyDatabase(storage.database);
      sequencer = sequencerOver(database, cast);
    });

    test.each(PASSING)('$name: acknowledged, and logged once', async (fault) => {
      database.break(fault);
      const outcomes = await sequencer.append(group);
      expect(database.writes, 'the fault was met').toBeGreaterThanOrEqual(
        fault.writes.includes('persists') ? fault.writes.length : 1,
      );
      await expectLogged(group, outcomes);
    });

    test.each(LASTING)('$name: unavailable, then logged once when submitted again', async (fault) => {
      database.break(fault);
      const outcomes = await sequencer.append(group);
      expect(outcomes.map((outcome) => outcome.ok || outcome.reason.code)).toEqual(group.map(() => 'unavailable'));
      const meanwhile = await sequencer.append(group.slice(0, 1));
      expect(meanwhile[0]?.ok, 'it is not acknowledged while the storage is broken').toBe(false);
      database.mend();
      await expectLogged(group, await sequencer.append(group));
    });
  });

  /** Each was acknowledged, is served again with the same place, and is in a log that verifies; and the log goes on. */
  async function expectLogged(group: readonly ParsedStatement[], outcomes: readonly Outcome[]): Promise<void> {
    const ids = await verifyStored(storage.database, cast.logKey);
    for (const [i, { id }] of group.entries()) await expectReceipt(id, ids, outcomes[i]);
    const again = await sequencer.append(group);
    expect(again, 'the same receipts, byte for byte').toEqual(
      outcomes.map((outcome) => outcome.ok && { ok: true, value: { ...outcome.value, isNew: false } }),
    );
    await logAll(sequencer, group[0]?.id === cast.opening[0]?.id ? cast.opening.slice(1, 2) : [await cast.another()]);
    expect((await verifyStored(storage.database, cast.logKey)).slice(0, -1)).toEqual(ids);
  }

  async function expectReceipt(id: string, ids: readonly string[], outcome: Outcome | undefined): Promise<void> {
    if (outcome?.ok !== true) throw new Error(`${id} was refused: ${outcome?.reason.detail}`);
    const { index, loggedAt, receipt } = outcome.value;
    expect(ids[index]).toBe(id);
    const proof = await openProof(receipt, cast.logKey);
    expect(proof.index).toBe(index);
    expect(JSON.parse(new TextDecoder().decode(proof.extra))).toMatchObject({ id, loggedAt });
  }
}
