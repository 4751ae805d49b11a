import { OpenAPIHono } from '@hono/zod-openapi';
import { cors } from 'hono/cors';
import { changesRoutes } from './changes/routes.ts';
import { lookupRoutes } from './content/lookups.ts';
import { contentRoutes } from './content/routes.ts';
import { contributorRoutes } from './contributors/routes.ts';
import { datasetRoutes } from './datasets/routes.ts';
import { exportRoutes } from './decisions/exports.ts';
import { decisionRoutes } from './decisions/routes.ts';
import type { Deps } from './deps.ts';
import { discoveryRoutes } from './discovery/routes.ts';
import type { Env } from './http/env.ts';
import { envelope, onError } from './http/middleware.ts';
import { onNotFound } from './http/not-found.ts';
import type { App } from './http/route.ts';
import { impactRoutes } from './impact/routes.ts';
import { issuedRoutes } from './issuers/issued.ts';
import { logRoutes } from './log/routes.ts';
import { statementRoutes } from './statements/routes.ts';
import { statusRoutes } from './status/routes.ts';
import { createStatusLists } from './status/status.ts';

const HEADERS = {
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  // No cookie or token is ever read, so any page may do what any stranger may.
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'ETag, Location, Retry-After, X-Request-Id',
};

/** The whole API, on whatever ports it is given. */
export function createApp(deps: Deps): App {
  const app: App = new OpenAPIHono<Env>();
  app.use(envelope(deps, { headers: HEADERS }));
  app.options('*', cors({ origin: '*', maxAge: 86_400 }));
  app.onError(onError(deps));
  app.notFound(onNotFound(app));

  const statusLists = createStatusLists(deps);
  statementRoutes(app, deps);
  impactRoutes(app, deps);
  datasetRoutes(app, deps, statusLists);
  decisionRoutes(app, deps);
  exportRoutes(app, deps);
  contributorRoutes(app, deps);
  contentRoutes(app, deps);
  lookupRoutes(app, deps);
  issuedRoutes(app, deps);
  statusRoutes(app, deps, statusLists);
  changesRoutes(app, deps);
  logRoutes(app, deps);
  discoveryRoutes(app, deps);
  return app;
}
