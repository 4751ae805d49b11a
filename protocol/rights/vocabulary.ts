import { Duty, Use, type ModelRelease, type Purpose } from '../../schemas/rights-rule.ts';

/** The uses that have no parts of their own, in a fixed order. A parent is the union of its children. */
export const LEAF_USES: readonly Use[] = Use.options.filter((use) => !Use.options.some((other) => isChild(other, use)));

function isChild(use: Use, parent: Use): boolean {
  return use.startsWith(`${parent}.`);
}

// Small sets are bit sets: bit i stands for the i-th member.

/** The leaves that a use covers. */
export const leavesOf = Object.fromEntries(
  Use.options.map((use) => [
    use,
    LEAF_USES.reduce((set, leaf, i) => (leaf === use || isChild(leaf, use) ? set | (1 << i) : set), 0),
  ]),
) as Record<Use, number>;

/** Bits: commercial, research, other noncommercial. */
export const purposesOf: Record<Purpose, number> = {
  commercial: 0b001,
  research: 0b010,
  noncommercial: 0b110,
  any: 0b111,
};

/** Bits: open weights, weights that are kept but serve others, internal. */
export const releasesOf: Record<ModelRelease, number> = {
  'open-weights': 0b001,
  internal: 0b100,
  'closed-weights': 0b110,
  any: 0b111,
};

/** The word for exactly these members, or the narrowest that holds them all: the words are ordered by what they hold. */
export const wordFor = <W extends string>(sets: Readonly<Record<W, number>>, set: number): W =>
  (Object.keys(sets) as W[]).find((word) => (sets[word] & set) === set) as W;

export const dutySet = (duties: readonly Duty[] = []): number =>
  duties.reduce((set, duty) => set | (1 << Duty.options.indexOf(duty)), 0);

/** In the order of the vocabulary. */
export const dutiesIn = (set: number): Duty[] => Duty.options.filter((_, i) => (set & (1 << i)) !== 0);

/** The members of a bit set, each as a set of its own. */
export function bitsOf(set: number): number[] {
  const bits: number[] = [];
  for (let rest = set; rest !== 0; rest &= rest - 1) bits.push(rest & -rest);
  return bits;
}

/** How many members a bit set has. */
export function sizeOf(set: number): number {
  let size = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) size++;
  return size;
}
