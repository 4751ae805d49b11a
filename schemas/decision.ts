import * as z from 'zod';
import { Country } from './country.ts';
import { Count, Did, LogTime, StatementId, Term, Timestamp, uniqueList } from './primitives.ts';
import { Duty, ModelRelease, Purpose, Use } from './rights-rule.ts';

/** What somebody means to do. What is left out is read at its worst: any purpose, worldwide, any release, anyone, now. */
export const DecisionQuestion = z.strictObject({
  use: Use,
  purpose: Purpose.optional(),
  territory: uniqueList(Country, 260).min(1).optional(),
  modelRelease: ModelRelease.optional(),
  field: Term.optional(),
  licensee: Did.optional(),
  at: z.union([Timestamp, LogTime], 'expected a UTC time, as 2026-11-21T08:00:00Z').optional(),
});
export type DecisionQuestion = z.infer<typeof DecisionQuestion>;

/** Whether that may be done with one record. */
export const DecisionRequest = DecisionQuestion.extend({ record: StatementId }).meta({ id: 'DecisionRequest' });
export type DecisionRequest = z.infer<typeof DecisionRequest>;

/** From worst to best. */
export const DECISIONS = ['deny', 'unknown', 'conditional', 'allow'] as const;
export const DecisionOutcome = z.enum(DECISIONS);
export type DecisionOutcome = z.infer<typeof DecisionOutcome>;

/** What one clause, or its absence, says to a request. */
export const DecisionReason = z.strictObject({
  /** The record whose rights speak; where `url` is given, the record that names that source. */
  record: StatementId,
  /** What that record calls itself: its author's words. */
  name: z.string().optional(),
  /** `lineage`: an ancestor that cannot be seen. */
  source: z.enum(['rule', 'licence', 'grant', 'standing', 'lineage']),
  effect: z.enum(['permit', 'prohibit', 'none']),
  /** The sentence. */
  reason: z.string(),
  /** The licence's identifier, and the place in its text. */
  license: z.string().optional(),
  clause: z.string().optional(),
  /** Which of the record's, or of the grant's, rules: 1 is the first. */
  rule: z.int().min(1).optional(),
  /** The grant; of a standing, the revocation. */
  statement: StatementId.optional(),
  /** A source that is not registered: what is said of it is nobody's signed word but its user's. */
  url: z.string().optional(),
  verified: z.literal(false).optional(),
});
export type DecisionReason = z.infer<typeof DecisionReason>;

/** Reasons listed of one decision. */
export const LISTED_REASONS = 100;

/** The answer over a record, its parts and its ancestors. */
export const Decision = z
  .strictObject({
    record: StatementId,
    use: Use,
    decision: DecisionOutcome,
    /** All that the decision is conditional on; empty but for `conditional`. */
    duties: z.array(Duty),
    /** Those that decide, worst first. */
    because: z.array(DecisionReason).max(LISTED_REASONS),
    /** How many more records and sources decide, whose reasons are not listed. */
    unlisted: Count,
    /** The first of the worst; null where all is allowed without a condition. */
    limitedBy: DecisionReason.nullable(),
    at: LogTime,
    /** The checkpoint by which it was decided. */
    asOf: z.strictObject({ size: Count, root: z.string() }).optional(),
  })
  .meta({ id: 'Decision' });
export type Decision = z.infer<typeof Decision>;
