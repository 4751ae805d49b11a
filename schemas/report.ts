import * as z from 'zod';
import { AssistanceLevel } from './dataset-record.ts';
import { Decision, DecisionOutcome } from './decision.ts';
import { Count, StatementId } from './primitives.ts';

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

/** How much of the local content the certified records account for. A file without rows counts as one row. */
export const Coverage = z.strictObject({
  rows: Count,
  matched: Count,
  unmatched: Count,
  files: Count,
  byRecord: z.array(
    z.strictObject({
      record: StatementId,
      rows: Count,
      share: z.number(),
      assistance: AssistanceLevel,
      standing: StandingState,
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
    subject: StatementId.nullable(),
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
