import * as z from 'zod';
import { limits } from './limits.ts';
import { Did, HttpUrl, line, Timestamp } from './primitives.ts';

/** What an issuer calls a provider: part of the address that the provider sends people back to. */
export const ProviderName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected a provider’s name: a–z, 0–9 and -, 32 characters at most');

/** Random bytes in base64url without padding. */
const random = (characters: number) => z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${characters}}$`));

/** 16 random bytes: which enrolment. It is part of the page's address, so it opens nothing by itself. */
export const EnrolmentId = random(22);
/** 32 random bytes: whoever began an enrolment shows this to learn what became of it (RFC 6750). */
export const PollToken = random(43);
/** Eight letters that no word is made of and nobody mistakes for one another (RFC 8628 §6.1): `BCDF-GHJK`. */
export const UserCode = z.string().regex(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);

/** Typed where the enrolment was begun: whoever logged in has that terminal before them. In any case, dash or not. */
export const Confirmation = z.strictObject({ code: z.string().min(1).max(64) }).meta({ id: 'Confirmation' });

/** Who an issuer app is: `GET /issuer.json`. */
export const IssuerDescription = z
  .strictObject({
    issuer: z.literal('firsthand/v1'),
    /** Its public address, which proofs of possession are bound to. */
    url: HttpUrl,
    did: Did,
    name: line(200),
    providers: z
      .array(z.strictObject({ name: ProviderName, title: line(100) }))
      .min(1)
      .max(32),
  })
  .meta({ id: 'IssuerDescription' });
export type IssuerDescription = z.infer<typeof IssuerDescription>;

export const EnrolmentRequest = z
  .strictObject({
    did: Did,
    /** The provider to log in at; the person chooses in the browser unless given. */
    provider: ProviderName.optional(),
  })
  .meta({ id: 'EnrolmentRequest' });

export const Enrolment = z
  .strictObject({
    id: EnrolmentId,
    /** 32 random bytes, to be signed with the key (protocol/enrolment.ts). */
    challenge: random(43),
    pollToken: PollToken,
    expiresAt: Timestamp,
  })
  .meta({ id: 'Enrolment' });
export type Enrolment = z.infer<typeof Enrolment>;

export const PossessionProof = z
  .strictObject({
    /** 64 bytes, base64url: the key's Ed25519 signature over the challenge in its frame. */
    signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'expected a signature of 64 bytes in base64url (86 characters)'),
  })
  .meta({ id: 'PossessionProof' });

/** Why a login did not become a credential. Public: codes are added, never renamed. */
export const LoginRefusal = z.enum([
  'login-denied',
  'login-unbound',
  'login-expired',
  'login-mixed-up',
  'provider-unavailable',
  'provider-refused',
  'id-token-invalid',
  'no-rule',
  'too-many-attempts',
  'wrong-code',
  'banned',
]);
export type LoginRefusal = z.infer<typeof LoginRefusal>;

/** How far an enrolment has come. */
export const EnrolmentStatus = z
  .strictObject({
    /** `confirming`: somebody has logged in, and their browser shows the code that is asked for now. */
    status: z.enum(['unproven', 'waiting', 'confirming', 'issued']),
    /** Why the latest login or code was refused; another may still succeed. */
    refusal: z.strictObject({ code: LoginRefusal, detail: z.string().max(1000) }).optional(),
    /** The signed credential, in the canonical form that is submitted. */
    credential: z.string().max(limits.statementBytes).optional(),
  })
  .meta({ id: 'EnrolmentStatus' });
export type EnrolmentStatus = z.infer<typeof EnrolmentStatus>;
