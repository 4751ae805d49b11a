import type { ErrorHandler, MiddlewareHandler } from 'hono';
import type { Deps } from '../deps.ts';
import type { Env } from './env.ts';
import { problem, ProblemError } from './problem.ts';

/** What an app says with every answer, and how it calls a path in its log. */
export interface Envelope {
  headers: Readonly<Record<string, string>>;
  pathInLog?(path: string): string;
}

/** Of every answer, whichever app gives it. Nothing is cached that was not meant to be. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** Names each request, logs one line about it, and sets what every answer carries. */
export function envelope(
  { log, now }: Pick<Deps, 'log' | 'now'>,
  { headers, pathInLog = (path) => path }: Envelope,
): MiddlewareHandler<Env> {
  return async (c, next) => {
    const requestId = crypto.randomUUID();
    const start = now();
    const all = { ...HEADERS, ...headers, 'X-Request-Id': requestId };
    c.set('requestId', requestId);
    c.set('headers', all);
    await next();
    if (c.res !== c.get('answer')) complete(c.res.headers, all);
    log({
      event: 'request',
      requestId,
      method: c.req.method,
      // The path alone: queries may hold what someone is looking for.
      path: pathInLog(c.req.path),
      status: c.res.status,
      code: c.get('code'),
      ms: now() - start,
    });
  };
}

function complete(headers: Headers, all: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(all)) if (!headers.has(name)) headers.set(name, value);
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
