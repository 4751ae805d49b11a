import * as z from 'zod';
import { Did, Digest, line, StatementId, Term, Timestamp } from './primitives.ts';

const Score = z
  .strictObject({ criterion: Term, value: z.number(), min: z.number(), max: z.number() })
  .refine((score) => score.min < score.max && score.min <= score.value && score.value <= score.max, {
    path: ['value'],
    error: 'must lie between min and max',
  });

/** Signed by a contributor: I reviewed that record against this rubric, with this verdict. */
export const ReviewRecordSubject = z
  .strictObject({
    /** The record reviewed. */
    id: StatementId,
    rubric: z.strictObject({ name: line(200), version: line(64), digest: Digest, author: Did.optional() }),
    verdict: z.enum(['accept', 'revise', 'reject']),
    scores: z.array(Score).max(64),
    /** Blob of JSONL `{ row, criterion, value }`. */
    ratings: Digest.optional(),
    startedAt: Timestamp,
    submittedAt: Timestamp,
    sawModelOutput: z.boolean(),
    sawOtherReviews: z.boolean(),
  })
  .refine((review) => review.startedAt <= review.submittedAt, { path: ['submittedAt'], error: 'is before startedAt' });
export type ReviewRecordSubject = z.infer<typeof ReviewRecordSubject>;
