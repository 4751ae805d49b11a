import * as fc from 'fast-check';
import type { DecisionQuestion } from '../../schemas/decision.ts';
import type { Did } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { clauseOf, type Origin, type Region } from '../../protocol/rights/clause.ts';
import { evaluate, type Rights, type Verdict } from '../../protocol/rights/evaluate.ts';
import { leavesOf, purposesOf, releasesOf, sizeOf } from '../../protocol/rights/vocabulary.ts';
import { DECISIONS } from '../../schemas/decision.ts';
import { idOf } from '../support/statements.ts';
import { COUNTRIES, decideNaively, FIELDS, type World } from './naive.ts';

const LAB = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did;
const OTHER = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' as Did;
const LICENSEES = [LAB, OTHER];
/** Somebody whom no rule names. */
export const STRANGER = 'did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP' as Did;

/** Left out three times of four: with every limit set, no two rules would meet. */
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
/** One at least. */
const some = <T extends string>(of: readonly T[]) => fc.subarray([...of], { minLength: 1 });
const extent = <T extends string>(of: readonly T[]) =>
  fc.oneof(
    some(of).map((include) => ({ include })),
    some(of).map((exclude) => ({ exclude })),
  );
const USES = ['train', 'train.rl', 'train.finetune', 'evaluate', 'derive'] as const;
const PURPOSES = ['any', 'commercial', 'noncommercial', 'research'] as const;
const RELEASES = ['any', 'open-weights', 'closed-weights', 'internal'] as const;
const TIMES = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'] as const;

/** A rule; what it leaves out is not there, as in a statement. */
const rule = (permits = 3): fc.Arbitrary<RightsRule> =>
  fc
    .record({
      effect: fc.oneof({ weight: permits, arbitrary: fc.constant('permit') }, fc.constant('prohibit')),
      uses: some(USES),
      purpose: optional(fc.constantFrom(...PURPOSES)),
      modelRelease: optional(fc.constantFrom(...RELEASES)),
      territory: optional(extent(COUNTRIES)),
      field: optional(extent(FIELDS)),
      licensee: optional(fc.oneof(fc.constant('public'), some(LICENSEES))),
      period: optional(
        fc.oneof(
          fc.constantFrom(...TIMES).map((from) => ({ from })),
          fc.constantFrom(...TIMES).map((until) => ({ until })),
        ),
      ),
      duties: fc.oneof(fc.constant(undefined), fc.subarray(['attribute', 'report', 'pay'])),
    })
    .map(
      (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as RightsRule,
    );

const rules = fc.array(rule(), { maxLength: 4 });

export const world: fc.Arbitrary<World> = fc.record({
  rules,
  grants: fc.array(
    fc.tuple(rule(6), fc.boolean()).map(([each, names]) => (names ? { ...each, licensee: [LAB] } : each)),
    { maxLength: 3 },
  ),
  licences: fc.array(fc.array(fc.array(rule(6), { maxLength: 3 }), { minLength: 1, maxLength: 2 }), {
    minLength: 1,
    maxLength: 2,
  }),
});

export const anyRule = rule();

export const question: fc.Arbitrary<DecisionQuestion> = fc
  .record({
    use: fc.constantFrom(...USES),
    purpose: optional(fc.constantFrom(...PURPOSES)),
    modelRelease: optional(fc.constantFrom(...RELEASES)),
    territory: optional(some(COUNTRIES)),
    field: optional(fc.constantFrom(...FIELDS, 'farming')),
    licensee: fc.constantFrom(undefined, LAB),
  })
  .map((fields) => fields as DecisionQuestion);

const NOW = TIMES[1];

const regionOf = (ask: DecisionQuestion): Region => ({
  uses: leavesOf[ask.use],
  purposes: purposesOf[ask.purpose ?? 'any'],
  releases: releasesOf[ask.modelRelease ?? 'any'],
  territory: ask.territory ?? null,
  field: ask.field ?? null,
  licensee: ask.licensee ?? null,
  at: Date.parse(NOW),
});

const LICENCE: Origin = { source: 'licence', license: 'Test-1.0', clause: '§1', says: 'says so' };

function rightsOf({ rules, grants, licences }: World, licensee: Did | undefined): Rights {
  const granted = licensee === undefined ? [] : grants;
  return {
    clauses: [
      ...rules.map((each, i) => clauseOf(each, { source: 'rule', rule: i + 1 })),
      ...granted.map((each, i) => clauseOf(each, { source: 'grant', rule: i + 1, statement: idOf('grant') })),
    ],
    alternatives: licences.map((terms) =>
      terms.map((each) => ({
        license: 'Test-1.0',
        clauses: each.map((one) => clauseOf(one, LICENCE)),
        note: null,
      })),
    ),
  };
}

export const judge = (of: World, ask: DecisionQuestion): Verdict => evaluate(rightsOf(of, ask.licensee), regionOf(ask));

/** How good an answer is: its outcome, and then how little it asks for. */
export const goodness = ({ outcome, duties }: Pick<Verdict, 'outcome' | 'duties'>): number =>
  DECISIONS.indexOf(outcome) * 10 - sizeOf(duties);

/** Whether the engine answers as the naive program does. */
export function agree(of: World, ask: DecisionQuestion): boolean {
  const verdict = judge(of, ask);
  const naive = decideNaively(ask.licensee === undefined ? { ...of, grants: [] } : of, ask, NOW, LICENSEES);
  return DECISIONS.indexOf(verdict.outcome) === naive.outcome && sizeOf(verdict.duties) === naive.duties;
}
