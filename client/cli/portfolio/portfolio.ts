import { DECISIONS, type DecisionOutcome, type DecisionReason } from '../../../schemas/decision.ts';
import type { StatementId } from '../../../schemas/primitives.ts';
import { Duty, type Use } from '../../../schemas/rights-rule.ts';
import type { DecisionChange } from '../../../protocol/rights/changes.ts';

/** What is known of one record of a mix. */
export interface PortfolioLine {
  /** Null of a file that is no certificate. */
  record: StatementId | null;
  name: string | null;
  /** The saved certificate by which it was decided. */
  file: string | null;
  decision: DecisionOutcome;
  duties: Duty[];
  limitedBy: DecisionReason | null;
  /** From the record down to the one that limits it. */
  path: { record: StatementId; name: string | null }[];
  /** Why there is no proven decision: not found, erased, or the certificate does not hold. */
  fault: string | null;
  /** What is to be said of its certificate besides: that it is old, so that what happened since is not known. */
  warnings: string[];
  changes: DecisionChange[];
  /** Up to when the changes were looked for; null where nothing could be. */
  through: string | null;
  /** The checkpoint of its certificate. */
  asOf: { size: number; root: string } | null;
}

/** A change of the decision over the whole mix, and the record that brings it about. */
interface MixChange {
  at: string;
  from: DecisionOutcome;
  to: DecisionOutcome;
  record: StatementId | null;
}

/** The answer for a whole mix. */
export interface Portfolio {
  use: Use;
  at: string;
  /** The end of the time that was looked ahead. */
  until: string;
  /** The worst of all records. */
  decision: DecisionOutcome;
  /** Those of all records together that are permitted with duties, whatever blocks the rest. */
  duties: Duty[];
  /** The record that limits the mix most; null where all is allowed without a condition. */
  limiting: StatementId | null;
  limitedBy: DecisionReason | null;
  counts: Record<DecisionOutcome, number>;
  changes: MixChange[];
  records: PortfolioLine[];
  note: string;
}

/** Silence about the future is not a promise. */
const NOTE = 'by what is logged now: what will be revoked, granted or withdrawn later, nobody knows yet';

const rank = (outcome: DecisionOutcome): number => DECISIONS.indexOf(outcome);

/** Puts the answers for all records of a mix together: the worst decision, all duties. */
export function mixOf(asked: Pick<Portfolio, 'use' | 'at' | 'until'>, records: readonly PortfolioLine[]): Portfolio {
  // What asks for most limits most.
  const [worst] = records.toSorted((a, b) => rank(a.decision) - rank(b.decision) || b.duties.length - a.duties.length);
  const decision = worst?.decision ?? 'unknown';
  const owed = new Set(records.flatMap(({ duties }) => duties));
  return {
    ...asked,
    decision,
    duties: Duty.options.filter((duty) => owed.has(duty)),
    limiting: decision === 'allow' ? null : (worst?.record ?? null),
    limitedBy: decision === 'allow' ? null : (worst?.limitedBy ?? null),
    counts: Object.fromEntries(
      DECISIONS.map((each) => [each, records.filter((line) => line.decision === each).length]),
    ) as Portfolio['counts'],
    changes: changesOfMix(decision, records),
    records: [...records],
    note: NOTE,
  };
}

/** When the worst decision changes, as those of the records do. */
function changesOfMix(decision: DecisionOutcome, records: readonly PortfolioLine[]): MixChange[] {
  const now = records.map((line) => line.decision);
  const turns = records
    .flatMap(({ changes }, line) => changes.map((change) => ({ ...change, line })))
    .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const found: MixChange[] = [];
  let before = decision;
  for (const [i, { at, to, line }] of turns.entries()) {
    now[line] = to.decision;
    // What turns at one time turns together.
    if (turns[i + 1]?.at === at) continue;
    const after = now.reduce((a, b) => (rank(a) <= rank(b) ? a : b));
    if (after !== before) found.push({ at, from: before, to: after, record: records[line]?.record ?? null });
    before = after;
  }
  return found;
}
