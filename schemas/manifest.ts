import * as z from 'zod';
import { Count, Digest } from './primitives.ts';

/** Line 0 of a manifest. */
export const ManifestHeader = z.strictObject({
  firsthand: z.literal('manifest/v1'),
  /** 32 random bytes, base64url, where the content is withheld. */
  salt: z
    .string()
    .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)
    .optional(),
});

/** Every later line: one file. `rows` is there where the format is row-addressable. */
export const ManifestFile = z.strictObject({
  path: z.string(),
  bytes: Count,
  mediaType: z
    .string()
    .max(127)
    .regex(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/, 'expected a media type'),
  /** Lowercase hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lowercase hex digits'),
  rows: z
    .strictObject({
      count: Count,
      digests: Digest,
      format: z.enum(['jsonl', 'csv']),
      raw: Count.optional(),
      root: Digest,
    })
    .optional(),
});
export type ManifestFile = z.infer<typeof ManifestFile>;
