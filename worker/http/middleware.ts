import type { ErrorHandler, MiddlewareHandler } from 'hono';
import type { Deps } from '../deps.ts';
import type { Env } from './env.ts';
import { problem, ProblemError } from './problem.ts';

/** Names each request, logs one line about it, and sets what every answer carries. */
export function envelope({ log, now }: Pick<Deps, 'log' | 'now'>): MiddlewareHandler<Env> {
  return async (c, next) => {
    const requestId = crypto.randomUUID();
    const start = now();
    c.set('requestId', requestId);
    await next();
    const { headers } = c.res;
    headers.set('X-Request-Id', requestId);
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('Referrer-Policy', 'no-referrer');
    headers.set('Cross-Origin-Resource-Policy', 'cross-origin');
    if (!headers.has('Content-Security-Policy')) {
      headers.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; sandbox");
    }
    // Nothing is cached that was not meant to be.
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store');
    log({
      event: 'request',
      requestId,
      method: c.req.method,
      // The path alone: queries may hold what someone is looking for.
      path: c.req.path,
      status: c.res.status,
      code: c.get('code'),
      ms: now() - start,
    });
  };
}

/** Turns whatever was thrown into a problem. What a 5xx was about goes to the log, never to the client. */
export function onError({ log }: Pick<Deps, 'log'>): ErrorHandler<Env> {
  return (error, c) => {
    if (error instanceof ProblemError) return problem(c, error.refusal);
    const requestId = c.get('requestId');
    log({ event: 'error', requestId, path: c.req.path, name: error.name, message: error.message, stack: error.stack });
    return problem(c, { code: 'internal', detail: `something went wrong here; quote ${requestId} when you report it` });
  };
}
