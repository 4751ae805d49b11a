import type { StatementId } from '../../schemas/primitives.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { parseTrustPolicy, type TrustPolicy } from '../../protocol/log/trust.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { createApp } from '../../worker/app.ts';
import type { App } from '../../worker/http/route.ts';
import { encodeVkey } from '../../protocol/log/note.ts';
import { assemble, logAll, sequencerOver, START } from '../faults/cast.ts';
import type { Storage } from '../faults/shell.ts';
import { CountingDatabase } from './counting-database.ts';
import { depsOver } from './deps.ts';
import { fillLog } from './filler.ts';
import { drafts, signed, signerOf } from './statements.ts';

/** A log in which a crowd made the parts of one record. */
export interface CrowdedLog {
  /** The record that is composed of everybody's. */
  whole: StatementId;
  size: number;
  app: App;
  database: CountingDatabase;
  trust: TrustPolicy;
  now: number;
}

/** How many places in the log the crowd stands at. */
const PLACES = 10;

/**
 * A record of `people` parts by as many people, each vouched for by one of two issuers, in a log of some `size` entries:
 * the people stand in ten places along it, with fillers between.
 */
export async function crowdedLog(storage: Storage, people: number, size: number): Promise<CrowdedLog> {
  const cast = await assemble();
  const [service, publisher, second] = (await Promise.all(['service', 'publisher', 'second issuer'].map(signerOf))) as [
    Signer,
    Signer,
    Signer,
  ];
  const { operator, issuer, logSigner } = cast;
  const opening = [
    ...cast.opening,
    await signed(drafts.accreditation(service.did, { roles: ['status-service'] }), operator),
    await signed(drafts.accreditation(publisher.did, { roles: ['publisher'] }), operator),
    await signed(drafts.identityIssuer(second.did), operator),
  ];
  const { database } = storage;
  await logAll(sequencerOver(database, cast), ...opening.map((statement) => [statement]));
  let logged = opening.length;
  const parts: StatementId[] = [];
  for (let place = 0; place < PLACES; place++) {
    const end = Math.floor((size * (place + 1)) / PLACES);
    const numbers = Array.from({ length: people }, (_, i) => i).filter((i) => i % PLACES === place);
    const filled = end - 2 * numbers.length;
    if (filled > logged) {
      await fillLog(database, { logSigner, issuer: issuer.did, loggedAt: START }, logged, filled);
      logged = filled;
    }
    const [credentials, records] = await workOf(numbers, [issuer, second]);
    // The fillers went past a sequencer that was there before.
    await logAll(sequencerOver(database, cast), credentials, records);
    logged += 2 * numbers.length;
    parts.push(...records.map(({ id }) => id));
  }
  const whole = await signed(drafts.composition(publisher.did, parts.toSorted()), publisher);
  const sequencer = sequencerOver(database, cast);
  await logAll(sequencer, [whole]);
  const counting = new CountingDatabase(database);
  const deps = await depsOver({ ...storage, database: counting }, { sequencer, now: () => START });
  const trust = parseTrustPolicy(`log ${encodeVkey(deps.logKey)}\nquorum none\n`);
  if (!trust.ok) throw new Error(trust.reason);
  return {
    whole: whole.id,
    size: logged + 1,
    app: createApp(deps),
    database: counting,
    trust: trust.value,
    now: START,
  };
}

/** The credential of each of these people, and a record by each. */
async function workOf(
  numbers: readonly number[],
  issuers: readonly Signer[],
): Promise<[credentials: ParsedStatement[], records: ParsedStatement[]]> {
  const people = await Promise.all(numbers.map((i) => signerOf(`person ${i} of a crowd`)));
  const credentials = people.map(({ did }, i) =>
    signed(drafts.credential(did, `person ${numbers[i]}`), issuers[i % issuers.length] as Signer),
  );
  const records = people.map((person, i) => signed(drafts.record(person.did, `work ${numbers[i]}`), person));
  return Promise.all([Promise.all(credentials), Promise.all(records)]);
}
