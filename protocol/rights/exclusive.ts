import type { Statement } from '../../schemas/statement.ts';
import { clauseOf, type Clause } from './clause.ts';

/** A permit of a grant, within the grant's own time; `rule` 1 is the grant's first. */
export interface GrantedPermit {
  clause: Clause;
  rule: number;
}

/** What a grant permits. */
export function permitsOf(grant: Statement<'RightsGrant'>): GrantedPermit[] {
  const [from, until] = [Date.parse(grant.validFrom), Date.parse(grant.validUntil ?? '9999-12-31T23:59:59Z')];
  return grant.credentialSubject.rules.flatMap((rule, i) => {
    if (rule.effect !== 'permit') return [];
    const clause = clauseOf(rule, { source: 'rule', rule: i + 1 });
    return [
      { clause: { ...clause, from: Math.max(from, clause.from), until: Math.min(until, clause.until) }, rule: i + 1 },
    ];
  });
}

export const isExclusive = ({ clause }: GrantedPermit): boolean => clause.rule.exclusive === true;

/** Whether two permits have anything in common that might be done under both. */
export const overlap = ({ clause: a }: GrantedPermit, { clause: b }: GrantedPermit): boolean =>
  (a.uses & b.uses) !== 0 &&
  (a.purposes & b.purposes) !== 0 &&
  (a.releases & b.releases) !== 0 &&
  Math.max(a.from, b.from) < Math.min(a.until, b.until) &&
  meet(a.territory, b.territory) &&
  meet(a.field, b.field);

/** Whether two extents have something in common; two exclusions always do, for there is always something else. */
function meet(a: Clause['territory'], b: Clause['territory']): boolean {
  if (a === null || b === null || (a.isExclusion && b.isExclusion)) return true;
  const [listed, other] = a.isExclusion ? [b, a] : [a, b];
  return [...listed.members].some((member) => other.members.has(member) !== other.isExclusion);
}
