import type { Did, StatementId } from '../../schemas/primitives.ts';
import { limits } from '../../schemas/limits.ts';
import { isKind } from '../../schemas/statement.ts';
import { has, type Evidence, type Present } from '../../protocol/evidence.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { isExclusive, overlap, permitsOf, type GrantedPermit } from '../../protocol/rights/exclusive.ts';
import { standingAt } from '../../protocol/standing.ts';
import type { Refusal, Submission } from './admit.ts';

/** Exclusive grants, of whatever standing, of rights in the records of one group that are read. */
export const EXCLUSIVE_GRANTS = 1000;

interface Held {
  grant: StatementId;
  licensee: Did;
  permit: GrantedPermit;
}

/** What stands granted exclusively, by record; admission adds what it admits. */
export interface ExclusiveRights {
  held: Map<StatementId, Held[]>;
  /** False where there is more than was read. */
  isComplete: boolean;
}

/** What the grants in `evidence` give exclusively, as of `now`. */
export function exclusiveRights(
  evidence: Evidence,
  grants: readonly Present<'RightsGrant'>[],
  now: number,
): ExclusiveRights {
  const rights: ExclusiveRights = { held: new Map(), isComplete: grants.length <= EXCLUSIVE_GRANTS };
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
  if (!rights.isComplete || count > limits.exclusiveRules) {
    const detail = `at most ${limits.exclusiveRules} exclusive rules stand over one record; revoke grants that are over`;
    return refuse({ code: 'already-exclusive', detail });
  }
  hold(rights, { id, document });
  return ok(true);
}

/** The grants among logged statements. */
export const grantsIn = (evidence: Evidence): Present<'RightsGrant'>[] =>
  [...evidence.all()].filter((logged): logged is Present<'RightsGrant'> => has(logged, 'RightsGrant'));
