import { sql } from 'kysely';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { entryLeafHash } from '../../protocol/log/entry.ts';
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
  // Row by row, the guards of the table would take as long as the rows themselves.
  const triggers = await database.all(
    sql<{ name: string; definition: string }>`SELECT name, sql AS definition FROM sqlite_schema
      WHERE type = 'trigger' AND tbl_name = 'statements'`.compile(db),
  );
  await database.batch(
    [
      ...triggers.map(({ name }) => sql`DROP TRIGGER ${sql.ref(name)}`),
      sql`WITH RECURSIVE filler (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM filler WHERE n < ${size - 1})
        INSERT INTO statements (log_index, id, kind, issuer, logged_at, body)
        SELECT n, printf('sha256:%064x', n), 'HumanCredential', ${issuer}, ${loggedAt}, NULL FROM filler`,
      sql`INSERT INTO tallies (issuer, kind, logged) VALUES (${issuer}, 'HumanCredential', ${size - from})
        ON CONFLICT (issuer, kind) DO UPDATE SET logged = logged + excluded.logged`,
      sql`INSERT INTO refs (relation, target, log_index)
        SELECT 'attests', printf('did:key:%08x', log_index), log_index FROM statements WHERE log_index >= ${from}`,
      ...triggers.map(({ definition }) => sql.raw(definition)),
    ].map((query) => query.compile(db)),
  );
  const time = logTimeOf(loggedAt);
  const leaves = Array.from({ length: size - from }, (_, i) => {
    return entryLeafHash({ id: fillerId(from + i), kind: 'HumanCredential', loggedAt: time });
  });
  await database.batch(extensionQueries(await extendLog(state, leaves, loggedAt, ORIGIN, logSigner)));
}
