import * as z from 'zod';
import { limits } from './limits.ts';
import { Count, StatementId } from './primitives.ts';

export const CERTIFICATE_MEDIA_TYPE = 'application/vnd.firsthand.certificate.v1+json';

/** A node of a Merkle tree. */
export const Base64Hash = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'expected 32 bytes in base64');

/** One logged statement with the proof that it is in the certificate's checkpoint. */
export const CertifiedStatement = z.strictObject({
  index: Count,
  /** The entry's exact bytes (protocol.md §4). */
  entry: z.string().max(512),
  /** RFC 6962 inclusion path, the leaf's sibling first. */
  proof: z.array(Base64Hash).max(64),
  /** The statement; null when its body was erased. Checked by its own schema when verified. */
  document: z.record(z.string(), z.unknown()).nullable(),
});

/** Everything a stranger needs to check one record, offline. */
export const Certificate = z
  .strictObject({
    mediaType: z.literal(CERTIFICATE_MEDIA_TYPE),
    subject: StatementId,
    /** A C2SP checkpoint, cosignatures included. */
    checkpoint: z.string().max(limits.noteBytes),
    /** In log order, each once. */
    statements: z
      .array(CertifiedStatement)
      .min(1)
      .max(limits.certificateStatements)
      .refine(
        (statements) => statements.every(({ index }, i) => i === 0 || index > (statements[i - 1]?.index ?? 0)),
        'are not in rising order of their index, each once',
      ),
    /** Status lists that cover the indices, each list once. */
    status: z.array(z.record(z.string(), z.unknown())).max(256),
  })
  .meta({ id: 'Certificate' });
export type Certificate = z.infer<typeof Certificate>;
