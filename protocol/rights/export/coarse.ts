import type { Duty, Use } from '../../../schemas/rights-rule.ts';
import { dutiesIn, dutySet, LEAF_USES, leavesOf } from '../vocabulary.ts';
import { groupsFor, inFewest, narrowerInWords, sentence, unsaid, widestInWords } from './say.ts';
import type { Survey } from './survey.ts';

/** A word of another vocabulary, and the uses that it is about. */
export interface CoarseTerm<T extends string = string> {
  term: T;
  /** What the word names: denied where any of these is. */
  uses: readonly Use[];
  /** What a yes would let happen besides: these must be permitted for a yes, and make no no. */
  besides: readonly Use[];
  /** The place in the vocabulary's text. */
  source: string;
}

/** What a word says of a record: `yes`, `yes` on conditions, `no`, or nothing. */
export interface Said<T extends string = string> {
  term: T;
  says: 'yes' | 'conditional' | 'no' | null;
  /** Of a conditional yes. */
  duties: Duty[];
  /** What the word leaves out. */
  lost: string[];
}

/** The leaves of some uses, in the vocabulary's order. */
export const leaves = (uses: readonly Use[]): Use[] => {
  const set = uses.reduce((all, use) => all | leavesOf[use], 0);
  return LEAF_USES.filter((_, i) => (set & (1 << i)) !== 0);
};

/**
 * Reads a coarse word off the engine's answers to the widest question: `yes` only if every use that it covers is permitted
 * without a condition, `no` if any that it names is denied, and nothing otherwise (docs/decisions/0030).
 */
export function say<T extends string>(survey: Survey, { term, uses, besides }: CoarseTerm<T>): Said<T> {
  const named = leaves(uses);
  const covered = leaves([...uses, ...besides]);
  const groups = groupsFor(survey, covered).map(({ uses: of, answers }) => ({ of, widest: answers.widest }));
  const isNo = groups.some(({ of, widest }) => widest.outcome === 'deny' && of.some((use) => named.includes(use)));
  const outcomes = new Set(groups.map(({ widest }) => widest.outcome));
  const says = isNo
    ? 'no'
    : outcomes.has('deny') || outcomes.has('unknown')
      ? null
      : outcomes.has('conditional')
        ? 'conditional'
        : 'yes';
  const duties = says === 'conditional' ? groups.reduce((set, { widest }) => set | dutySet(widest.duties), 0) : 0;
  const lost = [
    ...groups.filter(({ widest }) => widest.outcome !== 'allow').map(({ of, widest }) => widestInWords(of, widest)),
    ...(says === 'yes' ? [] : narrowerInWords(survey, covered)),
  ];
  return {
    term,
    says,
    duties: dutiesIn(duties),
    lost: lost.map((each) => sentence(`${term}: ${each}`)),
  };
}

/** That a vocabulary has no word for some uses. */
export function unsaidInWords(vocabulary: string, terms: readonly CoarseTerm[]): string[] {
  const rest = unsaid(leaves(terms.flatMap(({ uses }) => uses)));
  return rest.length === 0 ? [] : [`${vocabulary} has no word of its own for ${inFewest(rest).join(', ')}`];
}
