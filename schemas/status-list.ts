import * as z from 'zod';
import { Count, Did, Timestamp } from './primitives.ts';
import { CONTEXT, Proof } from './statement.ts';

/**
 * W3C Bitstring Status List 1.0 §2.2, signed by the registry's status service. It is served, not logged.
 * `log` names what the list reflects: entries `[list·131072, …)` of a tree of `size`.
 */
export const StatusListCredential = z.strictObject({
  '@context': z.tuple([z.literal(CONTEXT[0]), z.literal(CONTEXT[1])]),
  type: z.tuple([z.literal('VerifiableCredential'), z.literal('BitstringStatusListCredential')]),
  issuer: Did,
  validFrom: Timestamp,
  validUntil: Timestamp,
  credentialSubject: z.strictObject({
    type: z.literal('BitstringStatusList'),
    statusPurpose: z.literal('revocation'),
    /** `u` + base64url of the gzipped bits. */
    encodedList: z
      .string()
      .max(32 * 1024)
      .regex(/^u[A-Za-z0-9_-]+$/),
    log: z.strictObject({ origin: z.string().min(1).max(255), list: Count, size: Count }),
  }),
  proof: Proof,
});
export type StatusListCredential = z.infer<typeof StatusListCredential>;
