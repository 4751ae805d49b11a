import * as z from 'zod';
import { limits } from './limits.ts';
import { Count, Digest } from './primitives.ts';

/** How a file's rows are told apart. */
export const RowFormat = z.enum(['jsonl', 'csv', 'parquet']);
export type RowFormat = z.infer<typeof RowFormat>;

/**
 * The rows of one file. Its row-digest list, 32 bytes a row in file order, is kept in segments of `limits.segmentRows`
 * rows, the last one shorter: each is a blob, and a subtree under `root`.
 */
export const ManifestRows = z
  .strictObject({
    count: Count,
    /** SHA-256 of each segment. */
    digests: z.array(Digest),
    format: RowFormat,
    /** Rows that are addressed by the bytes of their line, since canonical JSON cannot carry them. */
    raw: Count.optional(),
    /** RFC 6962 root over the row digests. */
    root: Digest,
  })
  .refine(({ count, digests }) => digests.length === Math.ceil(count / limits.segmentRows), {
    path: ['digests'],
    error: `expected one digest for every ${limits.segmentRows} rows begun`,
  })
  .refine(({ count, raw = 0 }) => raw <= count, { path: ['raw'], error: 'more than there are rows' });
export type ManifestRows = z.infer<typeof ManifestRows>;

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
  rows: ManifestRows.optional(),
});
export type ManifestFile = z.infer<typeof ManifestFile>;
