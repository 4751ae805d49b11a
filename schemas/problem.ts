import * as z from 'zod';

/** Every way a request can fail. Public API: codes are added, never renamed. */
export const ProblemCode = z.enum([
  // the request
  'invalid-request',
  'invalid-json',
  'unsupported-media-type',
  'too-large',
  'not-found',
  'method-not-allowed',
  // the statement
  'invalid-statement',
  'invalid-key',
  'foreign-key',
  'invalid-signature',
  'not-yet-valid',
  'expired',
  // its right to be logged
  'not-accredited',
  'no-credential',
  'not-entitled',
  'already-exclusive',
  'missing-reference',
  'not-revocable',
  'not-erasable',
  'erased',
  // blobs
  'not-referenced',
  'digest-mismatch',
  'invalid-manifest',
  // the registry
  'rate-limited',
  'overloaded',
  'unavailable',
  'internal',
]);
export type ProblemCode = z.infer<typeof ProblemCode>;

/** RFC 9457 problem details, as `application/problem+json`. */
export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: ProblemCode,
    requestId: z.string(),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
