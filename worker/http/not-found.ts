import type { NotFoundHandler } from 'hono';
import { TrieRouter } from 'hono/router/trie-router';
import type { Env } from './env.ts';
import { problem } from './problem.ts';
import type { App } from './route.ts';

/** Says that there is nothing at a path, or that it is not there for this method (RFC 9110 §15.5.6). */
export function onNotFound(app: App): NotFoundHandler<Env> {
  let router: TrieRouter<string> | null = null;
  return (c) => {
    const { method, path } = c.req;
    router ??= methodsByPath(app);
    const allowed = new Set(router.match('ALL', path)[0].map(([name]) => name));
    if (allowed.has('GET')) allowed.add('HEAD');
    if (allowed.size === 0 || allowed.has(method)) {
      return problem(c, { code: 'not-found', detail: `there is no ${path} here; see /openapi.json` });
    }
    c.header('Allow', [...allowed].join(', '));
    return problem(c, {
      code: 'method-not-allowed',
      detail: `${path} takes ${[...allowed].join(', ')}, not ${method}`,
    });
  };
}

function methodsByPath(app: App): TrieRouter<string> {
  const router = new TrieRouter<string>();
  for (const { method, path } of app.routes) {
    if (method !== 'ALL' && method !== 'OPTIONS') router.add('ALL', path, method);
  }
  return router;
}
