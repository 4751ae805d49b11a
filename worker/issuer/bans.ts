import { sql } from 'kysely';
import { timestampOf } from '../../protocol/time.ts';
import { db, type Database } from '../database/port.ts';

/** Someone to whom an issuer app gives nothing any more, by their pseudonym, and since when. */
export interface Ban {
  nullifier: string;
  bannedAt: string;
}

export type Bans = ReturnType<typeof createBans>;

/** Whom an issuer app gives nothing any more. What it gave before is for the registry to revoke. */
export function createBans(database: Database, now: () => number) {
  const isDone = async (query: ReturnType<typeof sql>): Promise<boolean> =>
    (await database.all(query.compile(db))).length > 0;
  return {
    /** False where they were banned already. */
    ban: (nullifier: string) =>
      isDone(
        sql`INSERT INTO banned (nullifier, banned_at) VALUES (${nullifier}, ${now()})
          ON CONFLICT DO NOTHING RETURNING nullifier`,
      ),

    /** False where they were not banned. */
    lift: (nullifier: string) => isDone(sql`DELETE FROM banned WHERE nullifier = ${nullifier} RETURNING nullifier`),

    /** The newest first. */
    async list(): Promise<Ban[]> {
      const rows = await database.all<{ nullifier: string; banned_at: number }>(
        sql<{ nullifier: string; banned_at: number }>`SELECT nullifier, banned_at FROM banned
          ORDER BY banned_at DESC, nullifier`.compile(db),
      );
      return rows.map(({ nullifier, banned_at: at }) => ({ nullifier, bannedAt: timestampOf(at) }));
    },
  };
}
