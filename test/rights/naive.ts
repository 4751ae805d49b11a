import type { DecisionQuestion } from '../../schemas/decision.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';

/** A small world: one record's rules, one licensee's grants, and its licence as choices of sets of licences. */
export interface World {
  rules: RightsRule[];
  grants: RightsRule[];
  licences: RightsRule[][][];
}

/** One thing that may be done: as fine as the vocabulary can tell things apart. */
interface Atom {
  use: string;
  purpose: string;
  release: string;
  country: string;
  field: string;
  who: string;
  at: string;
}

const CHILDREN: Record<string, string[]> = {
  train: ['train.pretrain', 'train.finetune', 'train.preference', 'train.rl', 'train.discriminative'],
};
const PURPOSES: Record<string, string[]> = {
  any: ['commercial', 'research', 'hobby'],
  commercial: ['commercial'],
  noncommercial: ['research', 'hobby'],
  research: ['research'],
};
const RELEASES: Record<string, string[]> = {
  any: ['open', 'kept', 'internal'],
  'open-weights': ['open'],
  'closed-weights': ['kept', 'internal'],
  internal: ['internal'],
};
/** Somewhere, in some field, somebody that no rule names. */
const ELSE = '*';
export const COUNTRIES = ['US', 'DE', 'FR'] as const;
export const FIELDS = ['healthcare', 'military'] as const;

const leaves = (use: string): string[] => CHILDREN[use] ?? [use];

function isIn(rule: RightsRule, atom: Atom): boolean {
  const listed = (list: { include: string[] } | { exclude: string[] } | undefined, value: string): boolean =>
    list === undefined || ('include' in list ? list.include.includes(value) : !list.exclude.includes(value));
  return (
    rule.uses.some((use) => leaves(use).includes(atom.use)) &&
    (PURPOSES[rule.purpose ?? 'any'] as string[]).includes(atom.purpose) &&
    (RELEASES[rule.modelRelease ?? 'any'] as string[]).includes(atom.release) &&
    listed(rule.territory, atom.country) &&
    listed(rule.field, atom.field) &&
    (rule.licensee === undefined || rule.licensee === 'public' || rule.licensee.some((did) => did === atom.who)) &&
    (rule.period?.from === undefined || rule.period.from <= atom.at) &&
    (rule.period?.until === undefined || atom.at < rule.period.until)
  );
}

/** The parts of a request that are decided apart, each with all that it is about. */
function partsOf(ask: DecisionQuestion, at: string, licensees: readonly string[]): Atom[][] {
  const territories = ask.territory === undefined ? [[...COUNTRIES, ELSE]] : ask.territory.map((each) => [each]);
  const fields = ask.field === undefined ? [...FIELDS, ELSE] : [ask.field];
  const whos = ask.licensee === undefined ? [...licensees, ELSE] : [ask.licensee];
  return leaves(ask.use).flatMap((use) =>
    territories.flatMap((countries) =>
      (PURPOSES[ask.purpose ?? 'any'] as string[]).flatMap((purpose) =>
        (RELEASES[ask.modelRelease ?? 'any'] as string[]).map((release) =>
          countries.flatMap((country) =>
            fields.flatMap((field) => whos.map((who) => ({ use, purpose, release, country, field, who, at }))),
          ),
        ),
      ),
    ),
  );
}

/** Decides by going through everything, one atom after the other. Answers the outcome and the smallest number of duties. */
export function decideNaively(
  world: World,
  ask: DecisionQuestion,
  at: string,
  licensees: readonly string[],
): { outcome: number; duties: number } {
  const parts = partsOf(ask, at, licensees);
  const applies = (rule: RightsRule, part: Atom[]): boolean =>
    rule.effect === 'permit' ? part.every((atom) => isIn(rule, atom)) : part.some((atom) => isIn(rule, atom));
  const answers = world.licences.map((licences) => {
    const isDenied = parts.some((part) => {
      const isLifted = world.grants.some(
        (rule) => rule.effect === 'permit' && Array.isArray(rule.licensee) && applies(rule, part),
      );
      const prohibits = (rule: RightsRule): boolean => rule.effect === 'prohibit' && applies(rule, part);
      return (
        world.grants.some(prohibits) ||
        [...world.rules, ...licences.flat()].some(
          (rule) => prohibits(rule) && (Array.isArray(rule.licensee) || !isLifted),
        )
      );
    });
    if (isDenied) return { outcome: 0, duties: 0 };
    const ways = parts.map((part) =>
      waysOf(world, licences, (rule) => rule.effect === 'permit' && applies(rule, part)),
    );
    if (ways.some((each) => each.length === 0)) return { outcome: 1, duties: 0 };
    const duties = fewest(ways);
    return { outcome: duties === 0 ? 3 : 2, duties };
  });
  return answers.reduce((a, b) => (b.outcome > a.outcome || (b.outcome === a.outcome && b.duties < a.duties) ? b : a));
}

/** Every set of duties under which a part is permitted. */
function waysOf(world: World, licences: RightsRule[][], permits: (rule: RightsRule) => boolean): string[][] {
  let together: string[][] = [[]];
  for (const rules of licences) {
    together = together.flatMap((duties) => rules.filter(permits).map((rule) => [...duties, ...(rule.duties ?? [])]));
  }
  return [...[...world.rules, ...world.grants].filter(permits).map(({ duties = [] }) => duties), ...together];
}

/** The smallest number of duties that lets every part be permitted, over all sets of duties. */
function fewest(ways: string[][][]): number {
  const all = [...new Set(ways.flat(2))];
  let least = Infinity;
  for (let set = 0; set < 2 ** all.length; set++) {
    const chosen = new Set(all.filter((_, i) => (set & (1 << i)) !== 0));
    if (ways.every((part) => part.some((duties) => duties.every((duty) => chosen.has(duty))))) {
      least = Math.min(least, chosen.size);
    }
  }
  return least;
}
