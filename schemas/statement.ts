import * as z from 'zod';
import { AccreditationSubject } from './accreditation.ts';
import { DatasetRecordSubject } from './dataset-record.ts';
import { HumanCredentialSubject } from './human-credential.ts';
import { Did, Timestamp } from './primitives.ts';
import { ReviewRecordSubject } from './review-record.ts';
import { RevocationSubject } from './revocation.ts';
import { RightsGrantSubject } from './rights-grant.ts';

/** The JSON-LD contexts of every statement, in this order. */
export const CONTEXT = ['https://www.w3.org/ns/credentials/v2', 'https://w3id.org/firsthand/v1'] as const;

const Context = z.tuple([z.literal(CONTEXT[0]), z.literal(CONTEXT[1])]);

/** W3C vc-di-eddsa 1.0 §3.3. The context repeats the document's (§3.3.1, step 2). */
export const Proof = z.strictObject({
  type: z.literal('DataIntegrityProof'),
  cryptosuite: z.literal('eddsa-jcs-2022'),
  proofPurpose: z.literal('assertionMethod'),
  created: Timestamp,
  verificationMethod: z.string().max(200),
  '@context': Context,
  proofValue: z.string().regex(/^z[1-9A-HJ-NP-Za-km-z]{1,88}$/, 'expected a base58btc multibase signature'),
});

const envelope = <const K extends string, S extends z.ZodType>(kind: K, subject: S) =>
  z
    .strictObject({
      '@context': Context,
      type: z.tuple([z.literal('VerifiableCredential'), z.literal(kind)]),
      issuer: Did,
      validFrom: Timestamp,
      validUntil: Timestamp.optional(),
      credentialSubject: subject,
      proof: Proof,
    })
    .refine((document) => document.validUntil === undefined || document.validFrom < document.validUntil, {
      path: ['validUntil'],
      error: 'is not after validFrom',
    });

/** Every kind of statement, by name. */
export const STATEMENT_KINDS = {
  Accreditation: envelope('Accreditation', AccreditationSubject).meta({ id: 'Accreditation' }),
  HumanCredential: envelope('HumanCredential', HumanCredentialSubject)
    .refine((document) => document.credentialSubject.verification.verifiedAt <= document.validFrom, {
      path: ['credentialSubject', 'verification', 'verifiedAt'],
      error: 'is after validFrom: a credential holds only once the person was verified',
    })
    .meta({ id: 'HumanCredential' }),
  DatasetRecord: envelope('DatasetRecord', DatasetRecordSubject).meta({ id: 'DatasetRecord' }),
  ReviewRecord: envelope('ReviewRecord', ReviewRecordSubject).meta({ id: 'ReviewRecord' }),
  RightsGrant: envelope('RightsGrant', RightsGrantSubject).meta({ id: 'RightsGrant' }),
  Revocation: envelope('Revocation', RevocationSubject)
    .refine((document) => document.validUntil === undefined, {
      path: ['validUntil'],
      error: 'does not belong here: a revocation is for good',
    })
    .meta({ id: 'Revocation' }),
} as const;

export const StatementKind = z.enum(Object.keys(STATEMENT_KINDS) as (keyof typeof STATEMENT_KINDS)[]);
export type StatementKind = z.infer<typeof StatementKind>;

/** A signed statement of one kind, or of any. */
export type Statement<K extends StatementKind = StatementKind> = K extends StatementKind
  ? z.infer<(typeof STATEMENT_KINDS)[K]>
  : never;

export type Subject<K extends StatementKind> = Statement<K>['credentialSubject'];

/** The kind a statement says it is. */
export const kindOf = (statement: Statement): StatementKind => statement.type[1];

/** Narrows a statement to one kind. */
export const isKind = <K extends StatementKind>(statement: Statement, kind: K): statement is Statement<K> =>
  statement.type[1] === kind;
