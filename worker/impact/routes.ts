import { Impact, ImpactQuery } from '../../schemas/impact.ts';
import type { Deps } from '../deps.ts';
import { chargeNetwork } from '../http/read-limit.ts';
import { IdParam, json, problems, read, readQuery, route, type App } from '../http/route.ts';
import { impactPage } from './touched.ts';

/** Units that a page is charged: a window of the log is gone through for it, and what stands behind that. */
const IMPACT_UNITS = 10;

/** What would fall with a statement. */
export function impactRoutes(app: App, deps: Deps): void {
  route(
    app,
    {
      method: 'get',
      path: '/v1/statements/{id}/impact',
      summary: 'What a withdrawal of the statement would touch: records, grants, reviews and credentials, in log order',
      description:
        'Each with when it would be touched: in any case, only by a withdrawal whose `invalidSince` reaches back, or never, ' +
        'since somebody else vouches as well. A page may hold fewer than asked for, or none, while there is a `next`.',
      request: { params: IdParam, query: ImpactQuery },
      responses: {
        200: json(Impact, 'A page, by the log as it is now'),
        ...problems({
          400: 'Malformed',
          404: 'Not logged',
          413: 'Too much stands behind a single entry',
          429: 'Too fast',
        }),
      },
    },
    async (c) => {
      const { id } = read(IdParam, c.req.param());
      const query = readQuery(c, ImpactQuery);
      await chargeNetwork(deps, c, IMPACT_UNITS);
      return c.json(await impactPage(deps, id, query), 200, { 'Cache-Control': 'no-store' });
    },
  );
}
