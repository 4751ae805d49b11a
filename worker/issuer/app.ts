import { OpenAPIHono } from '@hono/zod-openapi';
import type { Env } from '../http/env.ts';
import { envelope } from '../http/middleware.ts';
import { onNotFound } from '../http/not-found.ts';
import { problem, ProblemError, statusOf } from '../http/problem.ts';
import type { App } from '../http/route.ts';
import { browserRoutes } from './browser-routes.ts';
import type { IssuerDeps } from './deps.ts';
import { createDiscovery } from './discovery.ts';
import { createEnrolments } from './enrolments.ts';
import { enrolmentRoutes } from './enrolment-routes.ts';
import { messagePage, PAGE_POLICY } from './pages.ts';

/**
 * The issuer app: turns a login at an OpenID Connect provider into a `HumanCredential` for a key that its holder has
 * proven to hold. It serves the paths under its configured address, alone or beside a registry.
 */
export function createIssuerApp(deps: IssuerDeps): App {
  const base = basePathOf(deps.url);
  const isPage = (path: string): boolean => path.startsWith(`${base}/enrol/`);
  const app: App = new OpenAPIHono<Env>();
  app.use(envelope(deps, { headers: HEADERS, pathInLog: (path) => pathInLog(path, base) }));
  app.onError((error, c) => {
    if (error instanceof ProblemError) {
      if (!isPage(c.req.path)) return problem(c, error.refusal);
      const { code, detail } = error.refusal;
      return c.html(messagePage(deps.name, 'This request was not understood', detail), statusOf(code));
    }
    const requestId = c.get('requestId');
    // Its name and place alone: a message may quote what was at hand, and that was a person.
    deps.log({ event: 'error', requestId, name: error.name, stack: error.stack?.replace(/^[^]*?(?=\n {4}at )/, '') });
    const detail = `something went wrong here; quote ${requestId} when you report it`;
    return isPage(c.req.path)
      ? c.html(messagePage(deps.name, 'Something went wrong', detail), 500)
      : problem(c, { code: 'internal', detail });
  });
  const otherwise = onNotFound(app);
  app.notFound((c) =>
    isPage(c.req.path)
      ? c.html(messagePage(deps.name, 'There is no such page', 'Take the address from your terminal.'), 404)
      : otherwise(c),
  );
  const enrolments = createEnrolments(deps.database, deps.now);
  enrolmentRoutes(app, base, deps, enrolments);
  browserRoutes(app, base, deps, { enrolments, discover: createDiscovery(deps) });
  return app;
}

/** Mounts an issuer beside a registry at the same host: the issuer has the paths that are its own. */
export function besideIssuer<Rest extends unknown[]>(
  registry: (request: Request, ...rest: Rest) => Response | Promise<Response>,
  issuer: (request: Request, ...rest: Rest) => Response | Promise<Response>,
  issuerUrl: string,
): (request: Request, ...rest: Rest) => Response | Promise<Response> {
  const base = basePathOf(issuerUrl);
  const own = [`${base}/issuer.json`, `${base}/enrolments`, `${base}/enrol`];
  if (base !== '') own.push(base);
  return (request, ...rest) => {
    const { pathname } = new URL(request.url);
    const isOwn = own.some((path) => pathname === path || pathname.startsWith(`${path}/`));
    return isOwn ? issuer(request, ...rest) : registry(request, ...rest);
  };
}

const basePathOf = (url: string): string => new URL(url).pathname.replace(/\/$/, '');

const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': PAGE_POLICY,
};

/** What the log calls a path: an enrolment's id is not in it. */
function pathInLog(path: string, base: string): string {
  const own = path.startsWith(base) ? path.slice(base.length) : path;
  return own.replace(/^\/(enrolments|enrol)\/(?!callback\/)[^/]+/, '/$1/:id');
}
