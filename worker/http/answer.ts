import type { Context } from 'hono';
import type { Env } from './env.ts';

/**
 * An answer with all headers in one plain record, for requests that come by the thousand: setting them one by one on a
 * `Headers` object, as `c.body` does, takes a quarter of the processor time that HTTP takes at all.
 */
export function answer(c: Context<Env>, body: string, status: number, headers: Record<string, string>): Response {
  const response = new Response(body, { status, headers: { ...c.get('headers'), ...headers } });
  c.set('answer', response);
  return response;
}
