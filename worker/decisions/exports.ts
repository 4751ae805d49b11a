import { ExportParams, RightsExport } from '../../schemas/rights-export.ts';
import { writeExport } from '../../protocol/rights/export/export.ts';
import { surveyOf } from '../../protocol/rights/export/survey.ts';
import type { Deps } from '../deps.ts';
import { ProblemError } from '../http/problem.ts';
import { chargeNetwork } from '../http/read-limit.ts';
import { json, problems, read, route, type App } from '../http/route.ts';
import { CALL_WORK, readEvidence } from './evidence.ts';

/** Units that an export is charged: it asks as much as a call for a hundred decisions. */
const EXPORT_UNITS = 10;

export function exportRoutes(app: App, deps: Deps): void {
  route(
    app,
    {
      method: 'get',
      path: '/v1/datasets/{id}/rights/{format}',
      summary: 'What the public may do with a record, over its whole lineage, in the words of others',
      description:
        'AIPREF, CAWG, RSL, ODRL, Croissant or TDMRep, as of now. `document` is null where the format can say nothing of it; ' +
        '`lost` is what it could not say. The same function writes it from a certificate, offline.',
      request: { params: ExportParams },
      responses: {
        200: json(RightsExport, 'The document, and what it leaves out'),
        ...problems({ 400: 'Malformed', 404: 'No such record', 413: 'Too large a lineage', 429: 'Too fast' }),
      },
    },
    async (c) => {
      const { id, format } = read(ExportParams, c.req.param());
      await chargeNetwork(deps, c, EXPORT_UNITS);
      const { evidence } = await readEvidence(deps, [id], []);
      const work = { left: CALL_WORK };
      const survey = surveyOf(evidence, id, deps.now(), work);
      if (work.left < 0) {
        throw new ProblemError(
          'too-large',
          'the lineage and its rules are more than can be weighed in one call; export offline, from a certificate',
        );
      }
      return c.json(writeExport(format, survey), 200, { 'Cache-Control': 'public, max-age=5' });
    },
  );
}
