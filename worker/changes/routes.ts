import { sql } from 'kysely';
import { ChangesPage, ChangesQuery, type Change } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { db, type Database } from '../database/port.ts';
import type { Tables } from '../database/tables.ts';
import type { Deps } from '../deps.ts';
import { json, problems, readQuery, route, type App } from '../http/route.ts';

/** The log as a feed (docs/decisions/0013). */
export function changesRoutes(app: App, { database, growth }: Pick<Deps, 'database' | 'growth'>): void {
  route(
    app,
    {
      method: 'get',
      path: '/v1/changes',
      summary: 'Log entries in order, for followers',
      description:
        `With \`wait\` (${limits.changesWait} seconds at most) an answer that would be empty is held back until there is ` +
        'an entry, or the time is up. It may come empty and early: the registry limits how many wait.',
      request: { query: ChangesQuery },
      responses: { 200: json(ChangesPage, 'A page'), ...problems({ 400: 'Malformed query' }) },
    },
    async (c) => {
      const { after, limit, wait } = readQuery(c, ChangesQuery);
      let changes = await readChanges(database, after, limit);
      if (changes.length === 0 && wait > 0) {
        await growth.beyond(after, wait * 1000, c.req.raw.signal);
        changes = await readChanges(database, after, limit);
      }
      return c.json({ changes, next: after + changes.length } satisfies ChangesPage);
    },
  );
}

type ChangeRow = Pick<Tables['statements'], 'log_index' | 'id' | 'kind' | 'logged_at'> & {
  issuer: Change['issuer'];
  targets: string;
};

/**
 * One page in one query, by key. Parts and sources are no targets: a record may have hundreds, and what it is made of
 * does not change for it. An erased statement's signer and target go with its body.
 */
async function readChanges(database: Database, after: number, limit: number): Promise<Change[]> {
  const rows = await database.all(
    sql<ChangeRow>`SELECT log_index, id, kind, logged_at, iif(body IS NULL, NULL, issuer) AS issuer,
        (SELECT json_group_array(json_object('relation', relation, 'id', target)) FROM refs
          WHERE refs.log_index = statements.log_index AND body IS NOT NULL
            AND relation NOT IN ('part', 'source')) AS targets
      FROM statements WHERE log_index >= ${after} ORDER BY log_index LIMIT ${limit}`.compile(db),
  );
  return rows.map(({ log_index: index, id, kind, logged_at, issuer, targets }) => ({
    index,
    id,
    kind,
    loggedAt: logTimeOf(logged_at),
    issuer,
    targets: JSON.parse(targets) as Change['targets'],
  }));
}
