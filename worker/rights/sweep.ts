import { sql } from 'kysely';
import { limits } from '../../schemas/limits.ts';
import { db, type Database } from '../database/port.ts';

/** Permits deleted in one run. */
const RUN = 1_000;

/**
 * Deletes what has ended for good, and permits that no dataset has any more: what an erased record said may be in one. By
 * the log's time, and a week later: a clock that ran ahead, and is put right, misses nothing.
 */
export async function sweepPermits(database: Database): Promise<void> {
  await database.batch(
    [
      sql`DELETE FROM permitted WHERE until < 8640000000000000 AND until <=
        (SELECT logged_at FROM statements ORDER BY log_index DESC LIMIT 1) - ${limits.clockJump}`,
      sql`DELETE FROM permits WHERE id IN (SELECT id FROM permits
        WHERE NOT EXISTS (SELECT 1 FROM permitted WHERE permitted.permits = permits.id) LIMIT ${RUN})`,
    ].map((query) => query.compile(db)),
  );
}
