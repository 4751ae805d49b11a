import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Problem, ProblemCode } from '../../schemas/problem.ts';
import type { Refusal } from '../admission/admit.ts';
import type { Env } from './env.ts';

const KINDS: Record<ProblemCode, readonly [status: ContentfulStatusCode, title: string]> = {
  'invalid-request': [400, 'Invalid request'],
  'invalid-json': [400, 'Invalid JSON'],
  'unsupported-media-type': [415, 'Unsupported media type'],
  'too-large': [413, 'Too large'],
  'not-found': [404, 'Not found'],
  'method-not-allowed': [405, 'Method not allowed'],
  'invalid-statement': [422, 'Invalid statement'],
  'invalid-key': [422, 'Invalid key'],
  'foreign-key': [422, 'Foreign key'],
  'invalid-signature': [422, 'Invalid signature'],
  'not-yet-valid': [422, 'Statement from the future'],
  expired: [422, 'Statement expired'],
  'not-accredited': [403, 'Issuer not accredited'],
  'no-credential': [403, 'No active human credential'],
  'not-entitled': [403, 'Not entitled'],
  'already-exclusive': [409, 'Granted exclusively already'],
  'missing-reference': [422, 'Missing reference'],
  'not-revocable': [422, 'Not revocable'],
  'not-erasable': [422, 'Not erasable'],
  erased: [410, 'Erased'],
  'not-referenced': [403, 'Blob not referenced'],
  'digest-mismatch': [422, 'Digest mismatch'],
  'invalid-manifest': [422, 'Invalid manifest'],
  'rate-limited': [429, 'Too many requests'],
  overloaded: [429, 'Busy'],
  unavailable: [503, 'Unavailable'],
  internal: [500, 'Internal error'],
};

export const statusOf = (code: ProblemCode): ContentfulStatusCode => KINDS[code][0];

/** Ends a request with a problem from anywhere below the app. */
export class ProblemError extends Error {
  readonly refusal: Refusal;

  constructor(code: ProblemCode, detail: string, errors?: Refusal['errors']) {
    super(detail);
    this.refusal = { code, detail, ...(errors === undefined ? {} : { errors }) };
  }
}

/** An RFC 9457 answer. */
export function problem(c: Context<Env>, { code, detail, errors }: Refusal): Response {
  const [status, title] = KINDS[code];
  const body: Problem = {
    type: 'about:blank',
    title,
    status,
    detail,
    code,
    requestId: c.get('requestId'),
    ...(errors === undefined ? {} : { errors }),
  };
  c.set('code', code);
  c.header('Cache-Control', 'no-store');
  if (status === 429 || status === 503) c.header('Retry-After', '1');
  return c.body(JSON.stringify(body), status, { 'Content-Type': 'application/problem+json' });
}
