import { hash } from 'node:crypto';
import { sql } from 'kysely';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { entryText } from '../../protocol/log/entry.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { db, type Database } from '../../worker/database/port.ts';
import { extendLog, extensionQueries, loadLog } from '../../worker/log/log-state.ts';
import { ORIGIN } from './deps.ts';

/** The id of the filler at a place: ids count up, which builds indices fast. */
export const fillerId = (index: number): StatementId => `sha256:${index.toString(16).padStart(64, '0')}` as StatementId;

/**
 * Grows a log from `from` to `size` entries in one go: rows in bulk, and the tiles and the checkpoint by the registry's
 * code. They are `issuer`'s credentials of people that nobody asks about, whose bodies were erased.
 */
export async function fillLog(
  database: Database,
  { logSigner, issuer, loggedAt }: { logSigner: Signer; issuer: Did; loggedAt: number },
  from: number,
  size: number,
): Promise<void> {
  const state = await loadLog(database, ORIGIN, logSigner.publicKey);
  await database.batch(
    [
      sql`WITH RECURSIVE filler (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM filler WHERE n < ${size - 1})
        INSERT INTO statements (log_index, id, kind, issuer, logged_at, body)
        SELECT n, printf('sha256:%064x', n), 'HumanCredential', ${issuer}, ${loggedAt}, NULL FROM filler`,
      sql`INSERT INTO refs (relation, target, log_index)
        SELECT 'attests', printf('did:key:%08x', log_index), log_index FROM statements WHERE log_index >= ${from}`,
    ].map((query) => query.compile(db)),
  );
  const time = logTimeOf(loggedAt);
  const leaves = Array.from({ length: size - from }, (_, i) => {
    const entry = { id: fillerId(from + i), kind: 'HumanCredential', loggedAt: time } as const;
    return new Uint8Array(hash('sha256', `\0${entryText(entry)}`, 'buffer'));
  });
  await database.batch(extensionQueries(await extendLog(state, leaves, loggedAt, ORIGIN, logSigner)));
}
