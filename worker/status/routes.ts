import * as z from 'zod';
import { StatusListCredential } from '../../schemas/status-list.ts';
import { statusListOf } from '../../protocol/status-list.ts';
import type { Deps } from '../deps.ts';
import { ProblemError } from '../http/problem.ts';
import { json, problems, read, route, type App } from '../http/route.ts';
import { newestCheckpoint } from '../log/routes.ts';
import { newestRevocation, type StatusLists } from './status.ts';

/** The last list that a log of 2^53 entries could have has 11 digits. */
const ListParam = z.object({
  n: z
    .string()
    .regex(/^(0|[1-9]\d{0,10})$/, 'expected the number of a list')
    .transform(Number),
});

export function statusRoutes(app: App, deps: Deps, statusLists: StatusLists): void {
  route(
    app,
    {
      method: 'get',
      path: '/v1/status/{n}',
      summary: 'Status list n: revocations among log entries [n·131072, (n+1)·131072)',
      request: { params: ListParam },
      responses: {
        200: json(StatusListCredential, 'A signed W3C Bitstring Status List'),
        ...problems({ 404: 'Past the end of the log' }),
      },
    },
    async (c) => {
      const { n } = read(ListParam, c.req.param());
      const { size } = await newestCheckpoint(deps.database);
      if (n > statusListOf(size - 1))
        throw new ProblemError('not-found', `the log of ${size} entries has no list ${n}`);
      const covering = await newestRevocation(deps.database, size);
      const [list] = await statusLists([{ list: n, covering }], size);
      return c.json(list, 200, { 'Cache-Control': 'public, max-age=60' });
    },
  );
}
