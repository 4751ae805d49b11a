import { limits } from '../../schemas/limits.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { clauseOf, holds, type Clause } from './clause.ts';
import { alternativesOf } from './licence-terms.ts';
import {
  cellsOf,
  commonPermits,
  encodePermits,
  permitsOf,
  placesOf,
  workOf,
  type Cells,
  type Permits,
} from './permits.ts';

/** What is permitted to everybody from one time until just before another, in milliseconds. */
export interface Span {
  from: number;
  until: number;
  permits: Permits;
}

/** Spans in order, apart from each other; between them nothing is permitted. Null where they are too many to be told. */
export type Spans = readonly Span[] | null;

const licensed = new BoundedCache<string, Spans>(256);

/** What a licence permits to everybody, with the rules of its record beside it if there are any: as `decide` would. */
export const spansOf = (license: string, rules: readonly RightsRule[] = []): Spans =>
  rules.length === 0 ? licensed.get(license, () => spansUnder(license, [])) : spansUnder(license, rules);

function spansUnder(license: string, rules: readonly RightsRule[]): Spans {
  // Without a licensee and a field, a permit for some of either never holds; a prohibition for some always does.
  const clauses = rules
    .map((rule, i) => clauseOf(rule, { source: 'rule', rule: i + 1 }))
    .filter(({ isPermit, field, licensees }) => !isPermit || (field === null && licensees === null));
  const times = [...new Set(clauses.flatMap(({ from, until }) => [from, until]))].filter(Number.isFinite);
  const starts = [-Infinity, ...times.sort((a, b) => a - b)];
  const kinds = kindsOf(clauses);
  const alternatives = alternativesOf(license);
  const work = starts.length * kinds.size * alternatives.length * clauses.length;
  if (starts.length > limits.indexedSpans || work > limits.indexedWork) return null;
  const spans = starts.flatMap((from, i): Span[] => {
    const inForce = clauses.filter((clause) => clause.from <= from && from < clause.until);
    const choice = alternatives.map((terms) =>
      placesUnder(
        inForce,
        terms.map((term) => term.clauses),
        kinds,
      ),
    );
    return [{ from, until: starts[i + 1] ?? Infinity, permits: permitsOf(choice) }];
  });
  return merge(spans);
}

/** The listed countries, those together that no clause tells apart; by one of them. */
function kindsOf(clauses: readonly Clause[]): Map<string, string[]> {
  const limited = clauses.flatMap(({ territory }) => (territory === null ? [] : [territory]));
  const kinds = new Map<string, string[]>();
  for (const country of new Set(limited.flatMap(({ members }) => [...members]))) {
    const kind = limited.map((extent) => (holds(extent, country) ? '1' : '0')).join('');
    kinds.set(kind, [...(kinds.get(kind) ?? []), country]);
  }
  return new Map([...kinds.values()].map((countries) => [countries[0] as string, countries]));
}

const cellsByClause = new WeakMap<Clause, Cells>();

/** Worked out once: a clause is asked about for each country, time and licence beside it. */
function cellsIn(clause: Clause): Cells {
  let cells = cellsByClause.get(clause);
  if (cells === undefined) {
    cells = cellsOf(clause.uses, clause.purposes, clause.releases);
    cellsByClause.set(clause, cells);
  }
  return cells;
}

/** Neither a country nor the world: any country that no clause lists. */
const ELSEWHERE = '';

function placesUnder(own: readonly Clause[], implied: readonly (readonly Clause[])[], kinds: Map<string, string[]>) {
  const in_ = (country: string | null): Cells => {
    const united = (clauses: readonly Clause[]): Cells =>
      clauses.reduce((cells, clause) => cells | cellsIn(clause), 0n);
    const permitted = (clauses: readonly Clause[]): Cells =>
      united(clauses.filter(({ isPermit, territory }) => isPermit && holds(territory, country)));
    const prohibited = (clauses: readonly Clause[]): Cells =>
      united(clauses.filter(({ isPermit, territory }) => !isPermit && (country === null || holds(territory, country))));
    const together = implied.map(permitted).reduce((a, b) => a & b);
    return (permitted(own) | together) & ~prohibited([...own, ...implied.flat()]);
  };
  const cells = [...kinds].flatMap(([one, alike]) => {
    const of = in_(one);
    return alike.map((country) => [country, of] as const);
  });
  return placesOf(in_(null), in_(ELSEWHERE), cells);
}

/** When both these and all of the others permit something, and what; null, too, where that is too much to work out. */
export function commonSpans(these: Spans, others: readonly Spans[]): Spans {
  let common = these;
  let work = 0;
  for (const spans of others) {
    if (common === null || spans === null) return null;
    const before: readonly Span[] = common;
    const both = before.flatMap((a) => spans.flatMap((b) => overlapOf(a, b)));
    work += both.reduce((sum, { a, b }) => sum + (isSame(a, b) ? 0 : workOf(a, b)), 0);
    if (work > limits.indexedWork) return null;
    common = merge(
      both.map(({ from, until, a, b }) => ({ from, until, permits: isSame(a, b) ? a : commonPermits(a, b) })),
    );
  }
  return common;
}

function overlapOf(these: Span, others: Span) {
  const [from, until] = [Math.max(these.from, others.from), Math.min(these.until, others.until)];
  return from < until ? [{ from, until, a: these.permits, b: others.permits }] : [];
}

/** Most of a lineage has the same permits. */
const isSame = (a: Permits, b: Permits): boolean => encodePermits(a) === encodePermits(b);

/** Leaves out what permits nothing, and joins what goes on as it was; null past the bounds. */
function merge(spans: readonly Span[]): Spans {
  const merged: Span[] = [];
  for (const span of spans) {
    if (span.permits.length === 0) continue;
    const last = merged.at(-1);
    const text = encodePermits(span.permits);
    if (text.length > limits.indexedPermitsBytes) return null;
    if (last?.until === span.from && encodePermits(last.permits) === text) last.until = span.until;
    else merged.push({ ...span });
  }
  return merged.length > limits.indexedSpans ? null : merged;
}

/** What lies within a time. */
export const within = (spans: readonly Span[], from: number, until: number): Span[] =>
  spans.flatMap((span) => {
    const [begin, end] = [Math.max(span.from, from), Math.min(span.until, until)];
    return begin < end ? [{ from: begin, until: end, permits: span.permits }] : [];
  });
