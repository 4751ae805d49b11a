import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi';
import type { Context, Handler } from 'hono';
import * as z from 'zod';
import { StatementId } from '../../schemas/primitives.ts';
import { Problem } from '../../schemas/problem.ts';
import { issuesOf } from '../../protocol/statement.ts';
import type { Env } from './env.ts';
import { ProblemError } from './problem.ts';

export type App = OpenAPIHono<Env>;

/** Adds a route and its description at once, so that `/openapi.json` lists what there is and nothing else. */
export function route(app: App, config: RouteConfig, handler: Handler<Env>): void {
  app.openAPIRegistry.registerPath(config);
  app.on(config.method.toUpperCase(), config.path.replaceAll(/\{(\w+)\}/g, ':$1'), handler);
}

/** Reads a value by its schema, or ends the request with a problem that names the fields at fault. */
export function read<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = issuesOf(parsed.error);
  throw new ProblemError('invalid-request', `${errors[0]?.path} ${errors[0]?.message}`, errors);
}

/** Reads a query by its schema. A parameter given twice is refused: which of the two counts is anyone's guess. */
export function readQuery<T extends z.ZodType>(c: Context, schema: T): z.output<T> {
  const twice = Object.entries(c.req.queries()).find(([, values]) => values.length > 1);
  if (twice !== undefined) {
    const path = `/${twice[0].slice(0, 80)}`;
    throw new ProblemError('invalid-request', `${path} is given twice`, [{ path, message: 'is given twice' }]);
  }
  return read(schema, c.req.query());
}

/** The document that describes an app's routes, as JSON: made once, when it is first asked for. */
export function openApiDocument(app: App, info: Parameters<App['getOpenAPI31Document']>[0]['info']): () => string {
  let document: string | null = null;
  return () => (document ??= JSON.stringify(app.getOpenAPI31Document({ openapi: '3.1.0', info })));
}

/** How it is served. */
export const DOCUMENT = { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' };

export const IdParam = z.object({ id: StatementId });

export const json = (schema: z.ZodType, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export const text = (mediaType: string, description: string) => ({
  description,
  content: { [mediaType]: { schema: z.string() } },
});

/** The problems that a route may answer, by status. */
export const problems = (statuses: Record<number, string>): RouteConfig['responses'] =>
  Object.fromEntries(
    Object.entries(statuses).map(([status, description]) => [
      status,
      { description, content: { 'application/problem+json': { schema: Problem } } },
    ]),
  );

/** Whether the caller holds what `etag` names (RFC 9110 §13.1.2: a list, compared weakly; proxies weaken tags). */
export function isHeld(c: Context, etag: string): boolean {
  const tags = new Set((c.req.header('If-None-Match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, '')));
  return tags.has(etag) || tags.has('*');
}

export const IMMUTABLE = 'public, max-age=31536000, immutable';
