import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { StatementId } from '../../schemas/primitives.ts';
import { assemble, logAll, sequencerOver, START } from '../../test/faults/cast.ts';
import { fillLog } from '../../test/support/filler.ts';
import { drafts, signed, signerOf } from '../../test/support/statements.ts';
import { db } from '../database/port.ts';
import { openSqlite } from '../node/sqlite.ts';
import { EXCLUSIVE_GRANTS } from './exclusive.ts';

const migrations = fileURLToPath(new URL('../../migrations/registry', import.meta.url));

test('nobody’s exclusive grants keep another’s from being logged beside them', async () => {
  const database = openSqlite(':memory:', migrations);
  const cast = await assemble();
  const { alice, issuer } = cast;
  const [stranger, bob] = await Promise.all(['stranger', 'bob'].map(signerOf));
  if (stranger === undefined || bob === undefined) throw new Error('no signers');
  const record = async (text: string, signer = alice) => signed(drafts.record(signer.did, text), signer);
  const [flooded, some, more, mine] = [await record('a'), await record('b'), await record('c'), await record('d', bob)];
  const beginning = [
    ...cast.opening,
    await signed(drafts.credential(bob.did, 'Bob'), issuer),
    flooded,
    some,
    more,
    mine,
  ];
  await logAll(sequencerOver(database, cast), ...beginning.map((each) => [each]));
  const { length } = beginning;
  await fillLog(database, { logSigner: cast.logSigner, issuer: issuer.did, loggedAt: START }, length, length + 3000);
  const sequencer = sequencerOver(database, cast);
  // The fillers become grants that have expired.
  const rules = [{ effect: 'permit' as const, uses: ['train' as const], exclusive: true }];
  const ended = { ...drafts.grant(stranger.did, some.id, { rules }), validUntil: '2026-11-01T00:00:00Z' };
  const { canonical } = await signed({ ...ended, validFrom: '2026-10-01T00:00:00Z' }, alice);
  await database.batch(
    [
      sql`DROP TRIGGER statements_change`,
      sql`UPDATE statements SET kind = 'RightsGrant', body = ${canonical} WHERE log_index >= ${length}`,
    ].map((query) => query.compile(db)),
  );
  /** So many licensees who held something of a record exclusively. */
  const flood = (id: StatementId, from: number, count: number) =>
    database.batch([
      sql`INSERT INTO grants (record, licensee, log_index, exclusive)
        SELECT ${id}, 'licensee ' || log_index, log_index, 1 FROM statements
        WHERE log_index >= ${length + from} AND log_index < ${length + from + count}`.compile(db),
    ]);
  await flood(flooded.id, 0, EXCLUSIVE_GRANTS + 1);
  await flood(some.id, 1100, EXCLUSIVE_GRANTS - 100);
  await flood(more.id, 2000, EXCLUSIVE_GRANTS - 100);
  const grant = async (id: StatementId, signer = alice) => signed(drafts.grant(stranger.did, id), signer);
  const codes = async (...submissions: Awaited<ReturnType<typeof grant>>[]) =>
    (await sequencer.append(submissions)).map((outcome) => (outcome.ok ? 'logged' : outcome.reason.code));

  const strangers = await Promise.all([flooded, some, more].map(({ id }) => grant(id, stranger)));
  expect(await codes(...strangers, await grant(mine.id, bob))).toEqual([
    ...strangers.map(() => 'not-entitled'),
    'logged',
  ]);
  const again = await signed(drafts.grant(issuer.did, mine.id), bob);
  const others = await Promise.all([flooded, some, more].map(({ id }) => grant(id)));
  expect(await codes(...others, again)).toEqual(['already-exclusive', 'logged', 'overloaded', 'logged']);
  expect(await codes(others[2] as (typeof others)[0])).toEqual(['logged']);
  database.close();
});

test('a grant that was revoked is not read again to judge others', async () => {
  const database = openSqlite(':memory:', migrations);
  const cast = await assemble();
  const sequencer = sequencerOver(database, cast);
  await logAll(sequencer, ...cast.opening.map((each) => [each]), [cast.record]);
  const rules = [{ effect: 'permit' as const, uses: ['train' as const], exclusive: true }];
  const grant = await signed(drafts.grant(cast.issuer.did, cast.record.id, { rules }), cast.alice);
  const held = async () => (await database.all(sql`SELECT 1 FROM grants WHERE exclusive = 1`.compile(db))).length;
  await logAll(sequencer, [grant]);
  expect(await held()).toBe(1);
  await logAll(sequencer, [await signed(drafts.revocation(grant.id), cast.alice)]);
  expect(await held()).toBe(0);
  database.close();
});
