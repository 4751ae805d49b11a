import type { DecisionQuestion } from '../../schemas/decision.ts';
import { bitsOf, leavesOf, purposesOf, releasesOf } from './vocabulary.ts';

/** A bit set of cells, each one leaf use, purpose and release: all that anybody may ask about in one place. */
export type Cells = bigint;

/** What may be done, place by place. */
export interface Places {
  /** Everywhere at once: what a request permits that names no country. */
  world: Cells;
  /** In any country that is not in `named`. */
  elsewhere: Cells;
  named: ReadonlyMap<string, Cells>;
}

/**
 * What is permitted to everybody, with or without duties: whatever lies, as a whole, within one of the alternatives of
 * each choice. A licensee's choice of licences is one for all of a request, so its alternatives cannot be united.
 */
export type Permits = readonly (readonly Places[])[];

/** What a request that names no licensee and no field asks about. */
export type PublicQuestion = Pick<DecisionQuestion, 'use' | 'purpose' | 'territory' | 'modelRelease'>;

/** Purposes times releases. */
const ASPECTS = 9;

/** The cells of a product of sets. */
export function cellsOf(uses: number, purposes: number, releases: number): Cells {
  let aspects = 0;
  for (const purpose of bitsOf(purposes)) aspects |= releases << (3 * Math.log2(purpose));
  return bitsOf(uses).reduce((cells, use) => cells | (BigInt(aspects) << BigInt(ASPECTS * Math.log2(use))), 0n);
}

/** Whether permits permit a request; made once for many of them. */
export function permitting(question: PublicQuestion): (permits: Permits) => boolean {
  const { use, purpose = 'any', modelRelease = 'any', territory } = question;
  const asked = cellsOf(leavesOf[use], purposesOf[purpose], releasesOf[modelRelease]);
  const has = (cells: Cells): boolean => (asked & cells) === asked;
  const isWithin = ({ world, elsewhere, named }: Places): boolean => {
    if (territory === undefined) return has(world);
    // Of hundreds of countries few are named: the rest is asked about once.
    const others = has(elsewhere);
    return territory.every((country) => {
      const cells = named.get(country);
      return cells === undefined ? others : has(cells);
    });
  };
  return (permits) => permits.every((choice) => choice.some(isWithin));
}

/**
 * What all of these permit at once; null where that is nothing. Said in one form wherever it leaves no choice, so that
 * most records share a few; where it does, mostly.
 */
export function commonPermits(all: readonly Permits[]): Permits | null {
  let sole: Places | null = null;
  let choices: Places[][] = all.flat().map((choice) => [...choice]);
  for (;;) {
    // A choice of one is none; what lies outside of it is no alternative of another.
    const [decided, open] = [choices.filter(({ length }) => length === 1), choices.filter(({ length }) => length > 1)];
    for (const [only] of decided) sole = sole === null ? (only as Places) : meet(sole, only as Places);
    if (sole !== null && isEmpty(sole)) return null;
    const within: Places | null = sole;
    choices = open.map((choice) => distinct(within === null ? choice : choice.map((each) => meet(within, each))));
    if (choices.some(({ length }) => length === 0)) return null;
    if (choices.every(({ length }) => length > 1)) break;
  }
  const sorted = choices
    .map((choice) => choice.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1)))
    .sort((a, b) => (choiceText(a) < choiceText(b) ? -1 : 1));
  const needed = sorted.filter((choice, i) => !sorted.some((other, j) => i !== j && follows(choice, other, j < i)));
  // What the alternatives were cut to need not be said again.
  return needed.length > 0 || sole === null ? needed : [[sole]];
}

/** Whether whatever another choice permits, this one does; of two that are alike, only the later one follows. */
const follows = (choice: readonly Places[], other: readonly Places[], isEarlier: boolean): boolean =>
  other.every((b) => choice.some((a) => covers(a, b))) &&
  (isEarlier || !choice.every((a) => other.some((b) => covers(b, a))));

/** Without what is nothing, or lies within another. */
function distinct(choice: readonly Places[]): Places[] {
  const kept: Places[] = [];
  for (const each of choice) {
    if (isEmpty(each) || kept.some((other) => covers(other, each))) continue;
    kept.splice(0, kept.length, ...kept.filter((other) => !covers(each, other)), each);
  }
  return kept;
}

const namedIn = (a: Places, b: Places): Set<string> => new Set([...a.named.keys(), ...b.named.keys()]);
const at = ({ named, elsewhere }: Places, country: string): Cells => named.get(country) ?? elsewhere;

function meet(a: Places, b: Places): Places {
  const elsewhere = a.elsewhere & b.elsewhere;
  const cells = [...namedIn(a, b)].map((country) => [country, at(a, country) & at(b, country)] as const);
  return placesOf(a.world & b.world, elsewhere, cells);
}

/** Names no country that is as all others. */
export const placesOf = (world: Cells, elsewhere: Cells, cells: Iterable<readonly [string, Cells]>): Places => ({
  world,
  elsewhere,
  named: new Map([...cells].filter(([, each]) => each !== elsewhere)),
});

const isEmpty = ({ world, elsewhere, named }: Places): boolean =>
  (world | elsewhere) === 0n && [...named.values()].every((cells) => cells === 0n);

const covers = (a: Places, b: Places): boolean =>
  (b.world & ~a.world) === 0n &&
  (b.elsewhere & ~a.elsewhere) === 0n &&
  [...namedIn(a, b)].every((country) => (at(b, country) & ~at(a, country)) === 0n);

const texts = new WeakMap<Permits, string>();

/** Permits as text, in a fixed order. */
export function encodePermits(permits: Permits): string {
  let text = texts.get(permits);
  if (text === undefined) texts.set(permits, (text = `[${permits.map(choiceText).join(',')}]`));
  return text;
}

const choiceText = (choice: readonly Places[]): string => `[${choice.map(textOf).join(',')}]`;

/** `[world, elsewhere, [[cells, countries], …]]` in hex, and in order. */
function textOf({ world, elsewhere, named }: Places): string {
  const alike = new Map<string, string[]>();
  for (const [country, cells] of named) {
    const key = cells.toString(16);
    alike.set(key, [...(alike.get(key) ?? []), country]);
  }
  const groups = [...alike]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([cells, countries]) => [cells, countries.sort().join(' ')]);
  return JSON.stringify([world.toString(16), elsewhere.toString(16), groups]);
}

/** The reverse of {@link encodePermits}, of which the text must be. */
export function decodePermits(text: string): Permits {
  const choices = JSON.parse(text) as [string, string, [string, string][]][][];
  const permits = choices.map((choice) =>
    choice.map(([world, elsewhere, groups]): Places => ({
      world: BigInt(`0x${world}`),
      elsewhere: BigInt(`0x${elsewhere}`),
      named: new Map(
        groups.flatMap(([cells, countries]) => {
          const each = BigInt(`0x${cells}`);
          return countries.split(' ').map((country) => [country, each] as const);
        }),
      ),
    })),
  );
  texts.set(permits, text);
  return permits;
}
