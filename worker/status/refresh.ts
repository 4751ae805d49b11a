import { sql } from 'kysely';
import { limits } from '../../schemas/limits.ts';
import { statusListOf } from '../../protocol/status-list.ts';
import { db } from '../database/port.ts';
import { newestCheckpoint } from '../log/routes.ts';
import { newestRevocation, REFRESH, signList, type StatusDeps } from './status.ts';

/** Lists signed in one run: of more, the oldest come first, and the others' turn is the next. */
const RUN = 64;

/**
 * Signs anew, ahead of those who ask, every stored list that would be too old before the next run or that a revocation
 * has overtaken. Answers how many it signed. Two at once do no harm.
 */
export async function refreshStatusLists(deps: StatusDeps): Promise<number> {
  const { database, now } = deps;
  const { size } = await newestCheckpoint(database);
  const revocation = await newestRevocation(database, size);
  const time = now();
  const due = await database.all(
    sql<{ list: number }>`WITH RECURSIVE numbers (list) AS (
        SELECT 0 UNION ALL SELECT list + 1 FROM numbers WHERE list < ${statusListOf(size - 1)}
      )
      SELECT numbers.list FROM numbers LEFT JOIN status_lists USING (list)
      WHERE signed_at IS NULL OR signed_at < ${time - REFRESH / 2} OR signed_at > ${time + limits.clockSkew}
        OR size <= ${revocation} OR document ->> '$.issuer' <> ${deps.service.did}
      ORDER BY signed_at LIMIT ${RUN}`.compile(db),
  );
  for (const { list } of due) await signList(deps, list, size);
  return due.length;
}
