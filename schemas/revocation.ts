import * as z from 'zod';
import { StatementId, Timestamp } from './primitives.ts';

export const RevocationReason = z.enum([
  'withdrawn',
  'key-compromise',
  'credential-expired-early',
  'superseded',
  'legal',
  'fraud',
]);

/** Signed by the target's signer, or by the operator for a takedown: that statement no longer holds. */
export const RevocationSubject = z.strictObject({
  /** The statement revoked. */
  id: StatementId,
  reason: RevocationReason,
  /** What the revoked key or credential signed and had logged since then is untrusted too. */
  invalidSince: Timestamp.optional(),
  /** Remove the body; its entry and proofs stay. */
  erase: z.literal(true).optional(),
});
export type RevocationSubject = z.infer<typeof RevocationSubject>;
