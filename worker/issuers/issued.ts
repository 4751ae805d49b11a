import * as z from 'zod';
import { IssuedPage, IssuedQuery } from '../../schemas/api.ts';
import { Did } from '../../schemas/primitives.ts';
import { Evidence, has } from '../../protocol/evidence.ts';
import { standingAt } from '../../protocol/standing.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { issuedEvidence, toLogged } from '../database/evidence.ts';
import type { Deps } from '../deps.ts';
import { json, problems, read, readQuery, route, type App } from '../http/route.ts';

const DidParam = z.object({ did: Did });

/** What one issuer has issued. Never by nullifier: that would let anyone ask which keys are one person's. */
export function issuedRoutes(app: App, deps: Deps): void {
  route(
    app,
    {
      method: 'get',
      path: '/v1/issuers/{did}/credentials',
      summary: 'The human credentials that an issuer signed, in log order, with their standing now',
      request: { params: DidParam, query: IssuedQuery },
      responses: { 200: json(IssuedPage, 'A page'), ...problems({ 400: 'Malformed query' }) },
    },
    async (c) => {
      const { did } = read(DidParam, c.req.param());
      const query = readQuery(c, IssuedQuery);
      const logged = (await deps.database.all(issuedEvidence(did, query))).map(toLogged);
      const evidence = new Evidence(await deps.operator(), logged);
      const now = deps.now();
      const issued = logged.filter((each) => has(each, 'HumanCredential'));
      const accreditations = evidence
        .accreditationsOf(did)
        .filter((each) => standingAt(evidence, each, now).state === 'active');
      const page: z.input<typeof IssuedPage> = {
        accredited: accreditations.flatMap(({ document }) => document.credentialSubject.frameworks ?? []),
        credentials: issued.slice(0, query.limit).map((credential) => ({
          id: credential.id,
          index: credential.index,
          loggedAt: logTimeOf(credential.loggedAt),
          document: credential.document as Record<string, unknown>,
          standing: standingAt(evidence, credential, now),
        })),
        next: issued[query.limit]?.index ?? null,
      };
      return c.json(page);
    },
  );
}
