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

async function revokedIn(database: Database, list: number, size: number): Promise<number[]> {
  const first = list * limits.statusListEntries;
  const rows = await database.all(
    db
      .selectFrom('revocations')
      .select('target_index')
      .distinct()
      .where('target_index', '>=', first)
      .where('target_index', '<', first + limits.statusListEntries)
      .where('log_index', '<', size)
      .compile(),
  );
  return rows.map((row) => row.target_index);
}
