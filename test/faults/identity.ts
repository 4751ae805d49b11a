import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ensureIdentity } from '../../worker/log/identity.ts';
import { signerOf } from '../support/statements.ts';
import { assemble, sequencerOver, START, type Cast } from './cast.ts';
import { FaultyDatabase, LASTING, PASSING, type Fault } from './faulty.ts';
import { skipPauses } from './pauses.ts';
import type { Shell, Storage } from './shell.ts';
import { query, verifyStored } from './stored-log.ts';

/** The fault hits the second write of the two: entry 0 is logged, the status service is not yet. */
const later = (fault: Fault): Fault => ({
  ...fault,
  name: `${fault.name}, at the second`,
  writes: ['works', ...fault.writes],
});

/** The first two entries of a log, which the registry makes by itself at its first start. */
export function identityFaults(shell: Shell): void {
  let cast: Cast;
  let storage: Storage;
  let database: FaultyDatabase;
  skipPauses();

  beforeAll(async () => {
    cast = await assemble();
  });
  beforeEach(async () => {
    storage = await shell.open();
    database = new FaultyDatabase(storage.database);
  });
  afterEach(() => storage.close());

  const start = async (): Promise<unknown> =>
    ensureIdentity(
      database,
      sequencerOver(database, cast),
      { operator: cast.operator, service: (await signerOf('service')).did },
      'Registry',
      START,
    );
  const expectIdentity = async (): Promise<void> => {
    expect(await verifyStored(storage.database, cast.logKey)).toHaveLength(2);
    const entries = await query(storage.database, 'SELECT kind, issuer FROM statements ORDER BY log_index');
    expect(entries).toEqual([0, 1].map(() => ({ kind: 'Accreditation', issuer: cast.operator.did })));
  };

  // Where a read fails between the two writes, the start itself fails; the next one goes on from there.
  test.each([...PASSING, ...LASTING, ...PASSING.map(later), ...LASTING.map(later)])(
    '$name: two entries, now or at the next start',
    async (fault) => {
      database.break(fault);
      const failure = await start().then(() => null, String);
      expect(
        failure === null || /could not be logged|the storage/.test(failure),
        `fails for no other reason: ${failure}`,
      ).toBe(true);
      database.mend();
      expect(await start()).toBe(cast.operator.did);
      await expectIdentity();
      expect(await start(), 'a third start adds nothing').toBe(cast.operator.did);
      await expectIdentity();
    },
  );
}
