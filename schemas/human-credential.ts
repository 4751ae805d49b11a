import * as z from 'zod';
import { FrameworkName, isLevelOf, LevelName } from './frameworks.ts';
import { Did, Digest, line, Term, Timestamp } from './primitives.ts';

/** A field that the person is certified in. */
export const Expertise = z.strictObject({
  field: Term,
  basis: Term,
  authority: line(200).optional(),
  /** ISO 3166-2 or 3166-1 alpha-2. */
  jurisdiction: z
    .string()
    .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/)
    .optional(),
  /** A salted digest of the licence or diploma number, never the number. */
  reference: Digest.optional(),
  validUntil: Timestamp.optional(),
});

/** How, how well and when the person was verified. */
export const Verification = z
  .strictObject({ framework: FrameworkName, level: LevelName, method: Term, verifiedAt: Timestamp })
  .refine((verification) => isLevelOf(verification.framework, verification.level), {
    path: ['level'],
    error: 'not a level of this framework',
  });

/** Signed by an accredited issuer: this key belongs to a verified human, and optionally to an expert. */
export const HumanCredentialSubject = z.strictObject({
  /** The contributor's key. No name, e-mail or document number has a place here. */
  id: Did,
  verification: Verification,
  /** 32 bytes, base64url: what this issuer calls this person, whatever the key. Other issuers' values differ. */
  nullifier: z
    .string()
    .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, 'expected 32 bytes in base64url (43 characters)'),
  expertise: z.array(Expertise).max(16).optional(),
});
export type HumanCredentialSubject = z.infer<typeof HumanCredentialSubject>;
