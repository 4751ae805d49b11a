import * as z from 'zod';
import { Contributor, ContributorQuery, IssuersPage, IssuersQuery } from '../../schemas/people.ts';
import { Did } from '../../schemas/primitives.ts';
import { publicKeyFromDid } from '../../protocol/did-key.ts';
import type { Deps } from '../deps.ts';
import { json, problems, read, readQuery, route, type App } from '../http/route.ts';
import { issuersPage } from './issuers.ts';
import { profileOf } from './profile.ts';

const DidParam = z.object({
  did: Did.refine((did) => publicKeyFromDid(did) !== null, 'holds no Ed25519 key'),
});

/** Who works here and who vouches for them, by their keys. Nothing is found by a nullifier. */
export function contributorRoutes(app: App, deps: Deps): void {
  route(
    app,
    {
      method: 'get',
      path: '/v1/contributors/{did}',
      summary: 'What the log knows of a key: its credentials, records and reviews, as of now',
      request: { params: DidParam, query: ContributorQuery },
      responses: {
        200: json(Contributor, 'The profile; `after` pages through its records'),
        ...problems({ 400: 'Malformed', 404: 'No contributor of this log' }),
      },
    },
    async (c) => {
      const { did } = read(DidParam, c.req.param());
      const profile = await profileOf(deps, did, readQuery(c, ContributorQuery));
      return c.json(profile, 200, { 'Cache-Control': 'public, max-age=5' });
    },
  );

  route(
    app,
    {
      method: 'get',
      path: '/v1/issuers',
      summary: 'The parties that the operator accredited to verify people, with the history of that, by DID',
      request: { query: IssuersQuery },
      responses: { 200: json(IssuersPage, 'A page'), ...problems({ 400: 'Malformed query' }) },
    },
    async (c) =>
      c.json(await issuersPage(deps, readQuery(c, IssuersQuery)), 200, {
        'Cache-Control': 'public, max-age=30',
      }),
  );
}
