import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DecisionQuestion } from '../../schemas/decision.ts';
import { agree, anyRule, goodness, judge, question, world } from '../../test/rights/worlds.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import type { World } from '../../test/rights/naive.ts';

const holds = (law: (of: World, ask: DecisionQuestion) => boolean, numRuns = 500): void =>
  fc.assert(fc.property(world, question, law), { numRuns });

test('it answers as a program that goes through every atom of a small world', () => {
  holds(agree, 1000);
});

test('a prohibition never widens what is permitted, wherever it is added', () => {
  const prohibition = anyRule.map((rule) => ({ ...rule, effect: 'prohibit' as const }));
  fc.assert(
    fc.property(world, question, prohibition, (of, ask, rule) => {
      const before = goodness(judge(of, ask));
      expect(goodness(judge({ ...of, rules: [...of.rules, rule] }, ask))).toBeLessThanOrEqual(before);
      expect(goodness(judge({ ...of, grants: [...of.grants, rule] }, ask))).toBeLessThanOrEqual(before);
    }),
    { numRuns: 500 },
  );
});

test('a permit never narrows it', () => {
  const permit = anyRule.map((rule) => ({ ...rule, effect: 'permit' as const }));
  fc.assert(
    fc.property(world, question, permit, (of, ask, rule) => {
      const before = goodness(judge(of, ask));
      expect(goodness(judge({ ...of, rules: [...of.rules, rule] }, ask))).toBeGreaterThanOrEqual(before);
      expect(goodness(judge({ ...of, grants: [...of.grants, rule] }, ask))).toBeGreaterThanOrEqual(before);
      const [first = [], ...others] = of.licences;
      const wider = first.map((rules, i) => (i === 0 ? [...rules, rule] : rules));
      expect(goodness(judge({ ...of, licences: [wider, ...others] }, ask))).toBeGreaterThanOrEqual(before);
    }),
    { numRuns: 500 },
  );
});

test('silence is read at its worst: whatever else is said cannot be answered worse', () => {
  holds((of, ask) =>
    (['purpose', 'territory', 'modelRelease', 'field'] as const).every((field) => {
      const { [field]: said, ...silent } = ask;
      return said === undefined || goodness(judge(of, silent)) <= goodness(judge(of, ask));
    }),
  );
});

test('without grants, so is silence about the licensee', () => {
  holds((of, { licensee: _licensee, ...silent }) => {
    const ungranted = { ...of, grants: [] };
    const [named] = of.rules.flatMap(({ licensee }) => (Array.isArray(licensee) ? licensee : []));
    return (
      named === undefined ||
      goodness(judge(ungranted, silent)) <= goodness(judge(ungranted, { ...silent, licensee: named }))
    );
  });
});

test('a parent use is answered as the worst of its children', () => {
  const children = [
    'train.pretrain',
    'train.finetune',
    'train.preference',
    'train.rl',
    'train.discriminative',
  ] as const;
  const rank = { deny: 0, unknown: 1, conditional: 2, allow: 3 } as const;
  holds((of, ask) => {
    // One licence, or else the best choice may differ from child to child, which a choice for all cannot.
    const one = { ...of, licences: of.licences.slice(0, 1) };
    const parent = judge(one, { ...ask, use: 'train' });
    const worst = Math.min(...children.map((use) => rank[judge(one, { ...ask, use }).outcome]));
    return rank[parent.outcome] === worst;
  });
});

test('the answer does not depend on the order of rules, grants or licences', () => {
  holds((of, ask) => {
    const turned = {
      rules: of.rules.toReversed(),
      grants: of.grants.toReversed(),
      licences: of.licences.toReversed().map((terms) => terms.toReversed().map((rules) => rules.toReversed())),
    };
    const [one, two] = [judge(of, ask), judge(turned, ask)];
    const sameRules = (verdict: typeof one) => JSON.stringify(verdict.deciding.map(({ rule }) => rule));
    return (
      one.outcome === two.outcome &&
      (of.licences.length > 1 || (one.duties === two.duties && sameRules(one) === sameRules(two)))
    );
  });
});

test('two permits, each for one country, permit a request for both; neither permits the world', () => {
  const permit = (country: string): RightsRule => ({
    effect: 'permit',
    uses: ['train'],
    territory: { include: [country] },
  });
  const of: World = { rules: [permit('US'), permit('DE')], grants: [], licences: [[[]]] };
  expect(judge(of, { use: 'train', territory: ['US', 'DE'] }).outcome).toBe('allow');
  expect(judge(of, { use: 'train', territory: ['US', 'FR'] }).outcome).toBe('unknown');
  expect(judge(of, { use: 'train' }).outcome).toBe('unknown');
});
