import * as z from 'zod';
import { AssistanceLevel } from './dataset-record.ts';
import { Decision, DecisionOutcome } from './decision.ts';
import { Count, Did, StatementId } from './primitives.ts';

/** Public API: ids are added, never renamed. */
export const CheckId = z.enum([
  'certificate.format',
  'statement.digest',
  'statement.signature',
  'log.inclusion',
  'log.checkpoint',
  'log.witnesses',
  'issuer.accredited',
  'human.credential',
  'human.level',
  'human.distinct',
  'human.expertise',
  'standing',
  'content.root',
  'content.rows',
  'content.index',
  'content.coverage',
  'assistance.level',
  'lineage.complete',
  'review.count',
  'review.independence',
  'rights.decision',
  'freshness',
]);
export type CheckId = z.infer<typeof CheckId>;

export const Check = z.strictObject({
  id: CheckId,
  outcome: z.enum(['pass', 'fail', 'warn', 'skipped']),
  detail: z.string(),
  statement: StatementId.optional(),
});
export type Check = z.infer<typeof Check>;

/** The standing of a statement at a time (statements.md). */
export const StandingState = z.enum(['active', 'pending', 'expired', 'revoked', 'untrusted', 'erased']);
export type StandingState = z.infer<typeof StandingState>;

/**
 * How much of the local content the certified records account for. A file without rows counts as one row. Shares are of
 * all the rows here: what is missing of one is unmatched.
 */
export const Coverage = z.strictObject({
  rows: Count,
  matched: Count,
  unmatched: Count,
  files: Count,
  /** Rows beyond the first of their kind: what would go if each were kept once. */
  duplicates: Count,
  /** Matched rows whose record, or what it is made of, fails the policy. */
  refused: Count,
  /** The people behind the records that rows here belong to, and behind what those are derived from. */
  humans: z.strictObject({ min: Count, max: Count }),
  /** The share of the rows here at each effective level. */
  assistance: z.partialRecord(AssistanceLevel, z.number()),
  /** The records that rows here belong to, those with the most first. */
  byRecord: z.array(
    z.strictObject({
      record: StatementId,
      /** Who signed it. */
      contributor: Did,
      rows: Count,
      share: z.number(),
      assistance: AssistanceLevel,
      standing: StandingState,
      /** Whether neither it nor anything that it is made of fails the policy. */
      accepted: z.boolean(),
    }),
  ),
});
export type Coverage = z.infer<typeof Coverage>;

/** What share of the content was made at each level, and the worst of the whole lineage. */
export const AssistanceSummary = z.strictObject({
  worst: AssistanceLevel,
  shares: z.partialRecord(AssistanceLevel, z.number()),
});
export type AssistanceSummary = z.infer<typeof AssistanceSummary>;

/** The outcome of checking a certificate, and local files, against a policy. */
export const Report = z
  .strictObject({
    verdict: z.enum(['pass', 'fail']),
    /** The record that was verified; null where there is none, or are several. */
    subject: StatementId.nullable(),
    /** Every record that was verified. */
    subjects: z.array(StatementId),
    asOf: z.string(),
    checks: z.array(Check),
    coverage: Coverage.nullable(),
    humans: z.strictObject({ min: Count, max: Count }).nullable(),
    assistance: AssistanceSummary.nullable(),
    /** The decision on each use that the policy names, and the worst of them. */
    rights: z.strictObject({ decision: DecisionOutcome, uses: z.array(Decision) }).nullable(),
  })
  .meta({ id: 'Report' });
export type Report = z.infer<typeof Report>;
