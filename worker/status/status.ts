import { sql } from 'kysely';
import type { StatusListCredential } from '../../schemas/status-list.ts';
import { limits } from '../../schemas/limits.ts';
import { BoundedCache } from '../../protocol/bounded-cache.ts';
import { signStatusList } from '../../protocol/status-list.ts';
import { timestampOf } from '../../protocol/time.ts';
import { db, type Database } from '../database/port.ts';
import type { Deps } from '../deps.ts';

/** How long a signed list is served again, and how long a verifier may rely on it. */
const REFRESH = 5 * 60_000;
const VALIDITY = 24 * 3_600_000;

export type StatusLists = (lists: readonly number[], size: number) => Promise<StatusListCredential[]>;

/**
 * Signs status lists as the log had them at `size`, and remembers each until it is stale or a revocation changes it.
 * A list never shows a revocation that its checkpoint does not cover.
 */
export function createStatusLists({
  database,
  service,
  logKey,
  now,
}: Pick<Deps, 'database' | 'service' | 'logKey' | 'now'>): StatusLists {
  const signed = new BoundedCache<string, { list: Promise<StatusListCredential> | null }>(64);
  return (lists, size) =>
    Promise.all(
      lists.map((list) => {
        const cached = signed.get(`${list} ${size} ${Math.floor(now() / REFRESH)}`, () => ({ list: null }));
        // A list is remembered, a failure to make one is not.
        cached.list ??= sign(list, size).catch((error: unknown) => {
          cached.list = null;
          throw error;
        });
        return cached.list;
      }),
    );

  async function sign(list: number, size: number): Promise<StatusListCredential> {
    const draft = {
      origin: logKey.name,
      list,
      size,
      revoked: await revokedIn(database, list, size),
      validFrom: timestampOf(now()),
      validUntil: timestampOf(now() + VALIDITY),
    };
    return signStatusList(draft, service);
  }
}

/**
 * The places whose bit is set: what was revoked, and of several revocations of one statement all but the last, so that
 * the stronger one cannot be left out of a certificate unseen.
 */
async function revokedIn(database: Database, list: number, size: number): Promise<number[]> {
  const first = list * limits.statusListEntries;
  const end = first + limits.statusListEntries;
  const rows = await database.all(
    sql<{ place: number }>`
      SELECT target_index AS place FROM revocations
      WHERE target_index >= ${first} AND target_index < ${end} AND log_index < ${size}
      UNION
      SELECT log_index FROM revocations AS earlier WHERE log_index >= ${first} AND log_index < ${end}
        AND EXISTS (SELECT 1 FROM revocations AS later WHERE later.target_index = earlier.target_index
          AND later.log_index > earlier.log_index AND later.log_index < ${size})`.compile(db),
  );
  return rows.map((row) => row.place);
}
