import type { Did, StatementId } from '../../schemas/primitives.ts';
import { limits } from '../../schemas/limits.ts';
import { isKind } from '../../schemas/statement.ts';
import { has, type Evidence, type Present } from '../../protocol/evidence.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { isExclusive, overlap, permitsOf, type GrantedPermit } from '../../protocol/rights/exclusive.ts';
import { standingAt } from '../../protocol/standing.ts';
import type { Refusal, Submission } from './admit.ts';

/** Exclusive grants of rights in the records of one group that are read: all of a record's, or none. */
export const EXCLUSIVE_GRANTS = 1000;

const TOO_MANY: Refusal = {
  code: 'already-exclusive',
  detail: `at most ${limits.exclusiveRules} exclusive rules stand over one record; revoke grants that are over`,
};
const LATER: Refusal = { code: 'overloaded', detail: 'too many exclusive grants came at once; submit this one again' };

interface Held {
  grant: StatementId;
  licensee: Did;
  permit: GrantedPermit;
}

/** What stands granted exclusively, by record; admission adds what it admits. */
export interface ExclusiveRights {
  held: Map<StatementId, Held[]>;
  /** Why nothing may be granted in a record whose exclusive grants were not read. */
  unread: ReadonlyMap<StatementId, Refusal>;
}

/**
 * The records whose exclusive grants are read, and why the others' are not: those with the fewest come first, so that
 * nobody who has many keeps others from granting.
 */
export function readable(counts: readonly { record: StatementId; count: number }[]): {
  records: StatementId[];
  unread: Map<StatementId, Refusal>;
} {
  const records: StatementId[] = [];
  const unread = new Map<StatementId, Refusal>();
  let left = EXCLUSIVE_GRANTS;
  for (const { record, count } of counts.toSorted((a, b) => a.count - b.count)) {
    if (count > left) unread.set(record, count > EXCLUSIVE_GRANTS ? TOO_MANY : LATER);
    else if (count > 0) records.push(record);
    left -= Math.min(left, count);
  }
  return { records, unread };
}

/** What the grants in `evidence` give exclusively, as of `now`. */
export function exclusiveRights(
  evidence: Evidence,
  grants: readonly Present<'RightsGrant'>[],
  unread: ExclusiveRights['unread'],
  now: number,
): ExclusiveRights {
  const rights: ExclusiveRights = { held: new Map(), unread };
  for (const grant of grants) {
    if (standingAt(evidence, grant, now).state === 'active') hold(rights, grant);
  }
  return rights;
}

function hold({ held }: ExclusiveRights, { id, document }: Pick<Present<'RightsGrant'>, 'id' | 'document'>): void {
  const { record, id: licensee } = document.credentialSubject;
  const exclusive = permitsOf(document).filter(isExclusive);
  held.set(record, [...(held.get(record) ?? []), ...exclusive.map((permit) => ({ grant: id, licensee, permit }))]);
}

/**
 * Refuses a grant, exclusive or not, of what another licensee was granted exclusively, and names that grant. What was
 * granted before an exclusive grant stays as it is (docs/decisions/0026).
 */
export function admitExclusive({ id, document }: Submission, rights: ExclusiveRights): Result<true, Refusal> {
  if (!isKind(document, 'RightsGrant')) return ok(true);
  const { record, id: licensee } = document.credentialSubject;
  const unread = rights.unread.get(record);
  if (unread !== undefined) return refuse(unread);
  const held = (rights.held.get(record) ?? []).filter((each) => each.licensee !== licensee);
  const permits = permitsOf(document);
  for (const permit of permits) {
    const met = held.find((each) => overlap(each.permit, permit));
    if (met === undefined) continue;
    const detail = `rule ${permit.rule} overlaps rule ${met.permit.rule} of ${met.grant}, by which another licensee holds an exclusive right; revoke that grant first`;
    const path = `/credentialSubject/rules/${permit.rule - 1}`;
    return refuse({ code: 'already-exclusive', detail, errors: [{ path, message: `overlaps ${met.grant}` }] });
  }
  const count = (rights.held.get(record)?.length ?? 0) + permits.filter(isExclusive).length;
  if (count > limits.exclusiveRules) return refuse(TOO_MANY);
  hold(rights, { id, document });
  return ok(true);
}

/** The grants among logged statements. */
export const grantsIn = (evidence: Evidence): Present<'RightsGrant'>[] =>
  [...evidence.all()].filter((logged): logged is Present<'RightsGrant'> => has(logged, 'RightsGrant'));
