import type { Decision, DecisionOutcome, DecisionReason, DecisionRequest } from '../../schemas/decision.ts';
import { limits } from '../../schemas/limits.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Duty, RightsRule } from '../../schemas/rights-rule.ts';
import { has, type Evidence, type Present } from '../evidence.ts';
import { lineageOf } from '../lineage.ts';
import { logTimeOf } from '../time.ts';
import { clauseOf, type Origin, type Region } from './clause.ts';
import { decide, regionOf } from './decide.ts';
import { bearsOn, type Work } from './evaluate.ts';

/** Why a decision may change at a time. */
export interface Turn {
  reason: string;
  /** The record that it is about; none where it is the standing of somebody who vouches. */
  record?: StatementId;
  /** The grant, or the revocation. */
  statement?: StatementId;
}

/** A time at which a decision changes, in its outcome or its duties. */
export interface DecisionChange {
  /** From then on. UTC in milliseconds. */
  at: string;
  from: { decision: DecisionOutcome; duties: Duty[] };
  to: { decision: DecisionOutcome; duties: Duty[]; limitedBy: DecisionReason | null };
  /** All that begins or ends at that time. */
  because: Turn[];
}

export interface DecisionChanges {
  changes: DecisionChange[];
  /** Milliseconds: up to then nothing else changes. Before the end of the window where more was asked than may be weighed. */
  through: number;
}

/** Reasons that are listed of one change. */
const LISTED_TURNS = 20;

/**
 * Every time after `from` and up to `until` (milliseconds) at which a decision changes, by what is logged now: what will be
 * revoked or granted later nobody knows. A decision can only change where a rule's period, or a statement's span, begins or
 * ends, or where a revocation starts to count, so it is decided at each of these and nowhere else. `work` bounds that.
 */
export function changesOf(
  evidence: Evidence,
  request: DecisionRequest,
  { from, until }: { from: number; until: number },
  work: Work = { left: limits.decisionWork },
): DecisionChanges {
  const turns = turnsIn(evidence, request, from, until, work);
  const changes: DecisionChange[] = [];
  let through = from;
  let before = decide(evidence, request, from, work);
  for (const at of [...turns.keys()].toSorted((a, b) => a - b)) {
    if (work.left < 0) return { changes, through };
    const after = decide(evidence, request, at, work);
    // A denial for want of work is no change.
    if (work.left < 0) return { changes, through };
    if (!isSame(before, after)) {
      changes.push({
        at: logTimeOf(at),
        from: { decision: before.decision, duties: before.duties },
        to: { decision: after.decision, duties: after.duties, limitedBy: after.limitedBy },
        because: (turns.get(at) ?? []).slice(0, LISTED_TURNS),
      });
    }
    before = after;
    through = at;
  }
  return { changes, through: work.left < 0 ? through : until };
}

const isSame = (a: Decision, b: Decision): boolean => a.decision === b.decision && a.duties.join() === b.duties.join();

/** Whatever begins or ends within a window that may bear on the decision, by its time. */
function turnsIn(
  evidence: Evidence,
  request: DecisionRequest,
  from: number,
  until: number,
  work: Work,
): Map<number, Turn[]> {
  const region = regionOf(request, from);
  const turns = new Map<number, Turn[]>();
  const add = (at: number, turn: Turn): void => {
    if (!(at > from && at <= until)) return;
    const known = turns.get(at);
    if (known === undefined) turns.set(at, [turn]);
    else known.push(turn);
  };
  for (const record of lineageOf(evidence, request.record).records) {
    const of = { record: record.id };
    addSpan(add, record, 'the record', of);
    const { rules = [] } = record.document.credentialSubject.rights;
    work.left -= rules.length;
    rules.forEach((rule, i) => addPeriod(add, rule, { source: 'rule', rule: i + 1 }, region, of));
    for (const grant of region.licensee === null ? [] : evidence.grantsOf(record.id)) {
      const { id: licensee, rules: granted } = grant.document.credentialSubject;
      if (licensee !== region.licensee) continue;
      const by = { ...of, statement: grant.id };
      addSpan(add, grant, 'the grant', by);
      work.left -= granted.length;
      granted.forEach((rule, i) =>
        addPeriod(add, rule, { source: 'grant', rule: i + 1, statement: grant.id }, region, by),
      );
    }
  }
  // Of a credential or an accreditation, too: what it vouched for may fall with it.
  for (const logged of evidence.all()) {
    if (!has(logged, 'Revocation')) continue;
    const { id, reason, invalidSince } = logged.document.credentialSubject;
    const turn = { reason: `${id} is revoked: ${reason}`, statement: logged.id };
    add(logged.loggedAt, turn);
    if (invalidSince !== undefined) add(Date.parse(invalidSince), turn);
  }
  return turns;
}

type Add = (at: number, turn: Turn) => void;

function addSpan(add: Add, { loggedAt, document }: Present, what: string, of: Omit<Turn, 'reason'>): void {
  const { validFrom, validUntil } = document;
  add(loggedAt, { reason: `${what} is logged`, ...of });
  add(Date.parse(validFrom), { reason: `${what} begins to hold`, ...of });
  if (validUntil !== undefined) add(Date.parse(validUntil), { reason: `${what} expires`, ...of });
}

/** The ends of a rule that the request has to do with at all. */
function addPeriod(add: Add, rule: RightsRule, origin: Origin, region: Region, of: Omit<Turn, 'reason'>): void {
  if (rule.period === undefined) return;
  const clause = clauseOf(rule, origin);
  if (!bearsOn(clause, region) || origin.source === 'licence') return;
  const { effect, uses } = rule;
  const said = `rule ${origin.rule} of the ${origin.source === 'grant' ? 'grant' : 'record'}, which ${effect}s ${uses.join(', ')},`;
  add(clause.from, { reason: `${said} begins`, ...of });
  add(clause.until, { reason: `${said} ends`, ...of });
}
