import * as z from 'zod';
import { decimal } from './api.ts';
import { limits } from './limits.ts';
import { Count, LogTime, StatementId } from './primitives.ts';
import { StatementKind } from './statement.ts';

/**
 * When a withdrawal touches a statement: `always`; `reaching-back`, only where its `invalidSince` is no later than when the
 * statement, or the ancestor through which it is touched, was logged; `never`, since somebody else vouches as well.
 */
export const TouchedWhen = z.enum(['always', 'reaching-back', 'never']);
export type TouchedWhen = z.infer<typeof TouchedWhen>;

/**
 * What a withdrawal does to it. `itself`: it no longer holds. `authority`: its signer had no right to sign it. `ancestor`:
 * what it is made of no longer holds, so its certificate fails and its rights are denied. `subject`: the record that it grants
 * or reviews no longer holds. `rights`: the licensee loses what the grant permits. `review`: it loses a review.
 */
export const TouchedHow = z.enum(['itself', 'authority', 'ancestor', 'subject', 'rights', 'review']);
export type TouchedHow = z.infer<typeof TouchedHow>;

/** A statement that a withdrawal would touch. */
export const ImpactItem = z.strictObject({
  id: StatementId,
  kind: StatementKind,
  index: Count,
  loggedAt: LogTime,
  /** What a dataset record calls itself: its author's words. */
  name: z.string().optional(),
  /** Whether it is revoked already. */
  revoked: z.boolean(),
  /** The nearest touched statement that it names, or that vouches for its signer; null of the one that is withdrawn. */
  through: z
    .strictObject({
      relation: z.enum(['part', 'source', 'grants', 'reviews', 'attests', 'accredits']),
      id: StatementId,
    })
    .nullable(),
  when: TouchedWhen,
  how: TouchedHow,
  /** Who vouches as well, of `never`: a credential or an accreditation. */
  otherwise: StatementId.nullable(),
});
export type ImpactItem = z.infer<typeof ImpactItem>;

export const ImpactQuery = z.strictObject({
  /** Statements from this index on: 0, or the `next` of the page before. */
  after: decimal({ min: 0, default: 0 }).default(0),
  limit: decimal({ min: 1, max: limits.impactPage, default: 100 }).default(100),
});
export type ImpactQuery = z.infer<typeof ImpactQuery>;

/** What a withdrawal of one statement would touch, in log order; a page may hold fewer than asked for, or none, while there is a `next`. */
export const Impact = z
  .strictObject({
    statement: StatementId,
    kind: StatementKind,
    /** The log by which it is told: what is logged later is not in it. */
    asOf: z.strictObject({ size: Count }),
    /** In a sentence, what a withdrawal of such a statement does; or why there can be none. */
    note: z.string(),
    items: z.array(ImpactItem).max(limits.impactPage),
    /** Null on the last page. */
    next: Count.nullable(),
  })
  .meta({ id: 'Impact' });
export type Impact = z.infer<typeof Impact>;
