import * as z from 'zod';
import { entryText, encodeBundle } from '../../protocol/log/entry.ts';
import { parseTilePath, TILE_WIDTH, tileWidth } from '../../protocol/log/tile.ts';
import { logTimeOf } from '../../protocol/time.ts';
import type { Bytes } from '../../protocol/bytes.ts';
import { db, type Database } from '../database/port.ts';
import type { Tables } from '../database/tables.ts';
import type { Deps } from '../deps.ts';
import { ProblemError } from '../http/problem.ts';
import { IMMUTABLE, problems, route, text, type App } from '../http/route.ts';
import { readTiles } from './read-tiles.ts';

/** The newest checkpoint, with the tree size it commits to. */
export async function newestCheckpoint(database: Database): Promise<Pick<Tables['checkpoints'], 'size' | 'note'>> {
  const [newest] = await database.all(
    db.selectFrom('checkpoints').select(['size', 'note']).orderBy('size', 'desc').limit(1).compile(),
  );
  if (newest === undefined) throw new ProblemError('unavailable', 'the log has no entries yet');
  return newest;
}

/** The log as C2SP tlog-tiles, for tools that know nothing of Firsthand. */
export function logRoutes(app: App, deps: Deps): void {
  route(
    app,
    {
      method: 'get',
      path: '/log/checkpoint',
      summary: 'The newest checkpoint (C2SP tlog-checkpoint)',
      responses: { 200: text('text/plain', 'A signed note') },
    },
    async (c) => {
      await deps.operator();
      const { note } = await newestCheckpoint(deps.database);
      return c.body(note, 200, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'public, max-age=1' });
    },
  );

  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/log/tile/{tile}',
    summary: 'A tile of hashes or of entries (C2SP tlog-tiles)',
    request: { params: z.object({ tile: z.string().describe('<L>/<N>[.p/<W>] or entries/<N>[.p/<W>]') }) },
    responses: {
      200: text('application/octet-stream', 'Hashes, or an entry bundle'),
      ...problems({ 404: 'Not within the published tree' }),
    },
  });
  app.get('/log/tile/*', async (c) => {
    const address = parseTilePath(c.req.path.slice('/log/'.length));
    if (!address.ok) throw new ProblemError('not-found', 'not a tile path');
    const { level, index, width } = address.value;
    const { size } = await newestCheckpoint(deps.database);
    if (tileWidth(level, index, size) < width) {
      throw new ProblemError('not-found', `the published tree of ${size} entries does not reach this tile`);
    }
    const bytes =
      level === 'entries'
        ? await readBundle(deps.database, index, width)
        : ((await readTiles(deps.database, size)([{ level, index, width }]))[0] as Bytes).slice(0, width * 32);
    return c.body(bytes, 200, { 'Content-Type': 'application/octet-stream', 'Cache-Control': IMMUTABLE });
  });
}

async function readBundle(database: Database, index: number, width: number): Promise<Bytes> {
  const first = index * TILE_WIDTH;
  const rows = await database.all(
    db
      .selectFrom('statements')
      .select(['id', 'kind', 'logged_at'])
      .where('log_index', '>=', first)
      .where('log_index', '<', first + width)
      .orderBy('log_index')
      .compile(),
  );
  return encodeBundle(rows.map(({ id, kind, logged_at }) => entryText({ id, kind, loggedAt: logTimeOf(logged_at) })));
}
