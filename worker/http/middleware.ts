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
    // Set before the answer is made, which may override them: setting them on a finished one would copy it.
    c.header('X-Request-Id', requestId);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'no-referrer');
    c.header('Cross-Origin-Resource-Policy', 'cross-origin');
    c.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; sandbox");
    // Nothing is cached that was not meant to be.
    c.header('Cache-Control', 'no-store');
    // No cookie or token is ever read, so any page may do what any stranger may.
    c.header('Access-Control-Allow-Origin', '*');
    c.header('Access-Control-Expose-Headers', 'ETag, Location, Retry-After, X-Request-Id');
    await next();
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
