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
 * What is permitted to everybody, with or without duties: whatever lies, as a whole, within one of these alternatives. A
 * licensee's choice of licences is one for all of a request, so they cannot be united. None is nothing or lies within
 * another, and they are in order: the same alternatives are one text, however they came about.
 */
export type Permits = readonly Places[];

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
  return (permits) => permits.some(isWithin);
}

/** What some alternatives permit. */
export function permitsOf(alternatives: readonly Places[]): Permits {
  const told = distinct(alternatives).map((places) => ({ places, text: textOf(places) }));
  return told.sort((a, b) => (a.text < b.text ? -1 : 1)).map(({ places }) => places);
}

/** What both permit at once: what lies within two alternatives lies within what they have in common. */
export const commonPermits = (these: Permits, others: Permits): Permits =>
  permitsOf(these.flatMap((a) => others.map((b) => meet(a, b))));

/** How many comparisons it takes to see what both permit, at least. */
export const workOf = (these: Permits, others: Permits): number =>
  sizeOf(these) * others.length + sizeOf(others) * these.length;

const sizeOf = (permits: Permits): number => permits.reduce((sum, { named }) => sum + 1 + named.size, 0);

/** Without what is nothing, or lies within another. */
function distinct(alternatives: readonly Places[]): Places[] {
  const kept: Places[] = [];
  for (const each of alternatives) {
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
  if (text === undefined) texts.set(permits, (text = `[${permits.map(textOf).join(',')}]`));
  return text;
}

/** `[world, elsewhere, [[cells, countries], …]]` in hex, and in order. */
function textOf({ world, elsewhere, named }: Places): string {
  const alike = new Map<Cells, string[]>();
  for (const [country, cells] of named) {
    const listed = alike.get(cells);
    if (listed === undefined) alike.set(cells, [country]);
    else listed.push(country);
  }
  const groups = [...alike]
    .map(([cells, countries]) => [cells.toString(16), countries.sort().join(' ')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([world.toString(16), elsewhere.toString(16), groups]);
}

/** The reverse of {@link encodePermits}, of which the text must be. */
export function decodePermits(text: string): Permits {
  const permits = (JSON.parse(text) as [string, string, [string, string][]][]).map(
    ([world, elsewhere, groups]): Places => ({
      world: BigInt(`0x${world}`),
      elsewhere: BigInt(`0x${elsewhere}`),
      named: new Map(
        groups.flatMap(([cells, countries]) => {
          const each = BigInt(`0x${cells}`);
          return countries.split(' ').map((country) => [country, each] as const);
        }),
      ),
    }),
  );
  texts.set(permits, text);
  return permits;
}
