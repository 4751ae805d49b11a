import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { dutySet, leavesOf, purposesOf, releasesOf } from './vocabulary.ts';

/** Where a rule stands. */
export type Origin =
  | { source: 'rule'; rule: number }
  | { source: 'licence'; license: string; clause: string; says: string }
  | { source: 'grant'; rule: number; statement: StatementId };

/** A finite set, or all but a finite set; null for everything. Outside of an exclusion there is always something. */
type Extent = { members: ReadonlySet<string>; isExclusion: boolean } | null;

/** One rule in the form in which it is compared with requests. */
export interface Clause {
  rule: RightsRule;
  origin: Origin;
  isPermit: boolean;
  uses: number;
  purposes: number;
  releases: number;
  territory: Extent;
  field: Extent;
  licensees: ReadonlySet<Did> | null;
  /** Milliseconds; `until` is not part of it. */
  from: number;
  until: number;
  duties: number;
}

export const clauseOf = (rule: RightsRule, origin: Origin): Clause => ({
  rule,
  origin,
  isPermit: rule.effect === 'permit',
  uses: rule.uses.reduce((set, use) => set | leavesOf[use], 0),
  purposes: purposesOf[rule.purpose ?? 'any'],
  releases: releasesOf[rule.modelRelease ?? 'any'],
  territory: extentOf(rule.territory),
  field: extentOf(rule.field),
  licensees: rule.licensee === undefined || rule.licensee === 'public' ? null : new Set(rule.licensee),
  from: rule.period?.from === undefined ? -Infinity : Date.parse(rule.period.from),
  until: rule.period?.until === undefined ? Infinity : Date.parse(rule.period.until),
  duties: dutySet(rule.duties),
});

/** The lists of a territory and of a field have one form. */
function extentOf(listed: RightsRule['field']): Extent {
  if (listed === undefined) return null;
  return 'include' in listed
    ? { members: new Set<string>(listed.include), isExclusion: false }
    : { members: new Set<string>(listed.exclude), isExclusion: true };
}

/** Whether an extent holds a member; null asks for everything there is, which only no limit at all holds. */
export const holds = (extent: Extent, member: string | null): boolean =>
  extent === null || (member !== null && extent.members.has(member) !== extent.isExclusion);

/** Whether an extent holds any of it. */
export const touches = (extent: Extent, member: string | null): boolean => member === null || holds(extent, member);

/** Whether a clause is about this licensee; null is anyone, so a prohibition of somebody is about it, a permit is not. */
export const concerns = ({ licensees, isPermit }: Clause, licensee: Did | null): boolean =>
  licensees === null || (licensee === null ? !isPermit : licensees.has(licensee));

/** What a request is about, as sets: what it left out is everything there. */
export interface Region {
  uses: number;
  purposes: number;
  releases: number;
  /** Country by country; null for the whole world. */
  territory: readonly string[] | null;
  field: string | null;
  licensee: Did | null;
  /** Milliseconds since the epoch. */
  at: number;
}
