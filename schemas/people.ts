import * as z from 'zod';
import { Role } from './accreditation.ts';
import { decimal, Limit, Standing } from './api.ts';
import { AssistanceLevel } from './dataset-record.ts';
import { FrameworkName, LevelName } from './frameworks.ts';
import { Expertise, Verification } from './human-credential.ts';
import { Count, Did, LogTime, StatementId, Timestamp } from './primitives.ts';
import { StandingState } from './report.ts';
import { DatasetSummary } from './search.ts';

/** A logged statement, and what holds of it now. */
const Listed = z.strictObject({
  id: StatementId,
  index: Count,
  loggedAt: LogTime,
  validFrom: Timestamp.nullable(),
  validUntil: Timestamp.nullable(),
  standing: Standing,
});

const Verdicts = z.strictObject({ accept: Count, revise: Count, reject: Count });
export type Verdicts = z.infer<typeof Verdicts>;

/** A page of the newest, after the place that the page before named. */
export const ContributorQuery = z.strictObject({
  after: decimal({ min: 0 }).optional(),
  limit: Limit,
});
export type ContributorQuery = z.infer<typeof ContributorQuery>;

/** A record in a profile; what an erased one said is not known. */
const ContributorRecord = z.strictObject({
  id: StatementId,
  index: Count,
  loggedAt: LogTime,
  state: StandingState,
  supersededBy: StatementId.nullable(),
  said: DatasetSummary.pick({ name: true, version: true, taskType: true, assistance: true, license: true }).nullable(),
});

/**
 * What the log knows of a key, as of now. It names no person, and no other key of the same person: nullifiers are left
 * out, and nothing is found by them.
 */
export const Contributor = z
  .strictObject({
    did: Did,
    /** In log order, 100 at most, the newest. Erased ones are nobody's any more, and not here. */
    credentials: z.array(
      z.strictObject({
        ...Listed.shape,
        issuer: Did,
        verification: Verification,
        expertise: z.array(Expertise),
      }),
    ),
    records: z.strictObject({
      total: Count,
      /** The newest records, up to 1,000, are those that the counts are of. */
      counted: Count,
      byStanding: z.partialRecord(StandingState, Count),
      /** By effective assistance, erased records left out. */
      byAssistance: z.partialRecord(AssistanceLevel, Count),
      newest: z.array(ContributorRecord),
      next: Count.nullable(),
    }),
    /** Active reviews; of several that one key made of one record, the newest. */
    reviews: z.strictObject({
      given: Verdicts,
      /** By others, of the records that were counted. */
      received: Verdicts,
      /** The share of those received that accept; null where there is none. */
      acceptance: z.number().min(0).max(1).nullable(),
    }),
  })
  .meta({ id: 'Contributor' });
export type Contributor = z.infer<typeof Contributor>;

export const IssuersQuery = z.strictObject({
  /** The `next` of the page before. */
  after: Did.optional(),
  limit: Limit,
});
export type IssuersQuery = z.infer<typeof IssuersQuery>;

/** A party that the operator accredited to verify people. */
export const Issuer = z
  .strictObject({
    did: Did,
    /** As the newest accreditation has it. */
    name: z.string(),
    url: z.string().nullable(),
    /** What it may do now, by its active accreditations. */
    roles: z.array(Role),
    frameworks: z.array(z.strictObject({ framework: FrameworkName, maxLevel: LevelName })),
    /** In log order, each with its standing now; a revocation is named in it. */
    accreditations: z.array(
      z.strictObject({
        ...Listed.shape,
        roles: z.array(Role),
        frameworks: z.array(z.strictObject({ framework: FrameworkName, maxLevel: LevelName })),
        /** From when the revocation counts, where that is before it was logged. */
        invalidSince: Timestamp.nullable(),
      }),
    ),
    /** Credentials that it signed, and how many of them were revoked. */
    credentials: z.strictObject({ issued: Count, revoked: Count }),
  })
  .meta({ id: 'Issuer' });
export type Issuer = z.infer<typeof Issuer>;

/** By DID; `next` is null on the last page. */
export const IssuersPage = z
  .strictObject({ issuers: z.array(Issuer), next: Did.nullable() })
  .meta({ id: 'IssuersPage' });
export type IssuersPage = z.infer<typeof IssuersPage>;
