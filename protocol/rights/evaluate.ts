import { concerns, holds, touches, type Clause, type Region } from './clause.ts';
import { bitsOf, sizeOf } from './vocabulary.ts';

/** A licence of an expression: what it implies, and what is to be said of it besides. */
export interface Term {
  license: string;
  clauses: readonly Clause[];
  /** Why it implies nothing, or how it was read. */
  readonly note: string | null;
}

/** What speaks for one record: its rules and the grants, and its licence as the licensee's choice of sets of terms. */
export interface Rights {
  clauses: readonly Clause[];
  /** One at least; each is licences that all hold. */
  alternatives: readonly (readonly Term[])[];
}

/** A part of a request that no clause divides. */
export interface Piece {
  uses: number;
  purposes: number;
  releases: number;
  country: string | null;
}

/** What the rights in one record say to a request. */
export interface Verdict {
  outcome: 'deny' | 'unknown' | 'conditional' | 'allow';
  duties: number;
  /** The clauses that decide: prohibitions that hold, or the permits chosen; none where nothing permits. */
  deciding: Clause[];
  /** Prohibitions that a grant lifted. */
  lifted: Clause[];
  /** The part that decides: of a denial what is prohibited, of `unknown` what nothing permits. */
  piece: Piece | null;
  /** The licences that were chosen. */
  terms: readonly Term[];
}

/** What deciding may still cost, in comparisons of a clause with a part of a request. Below 0, too much was asked. */
export interface Work {
  left: number;
}

const RANK = { deny: 0, unknown: 1, conditional: 2, allow: 3 } as const;

/** All sets of duties, those with the fewest first: one order for everybody, whatever order the permits came in. */
const DUTY_SETS = Array.from({ length: 128 }, (_, set) => set).sort((a, b) => sizeOf(a) - sizeOf(b) || a - b);
const PLACES = new Map(DUTY_SETS.map((set, place) => [set, place]));
const placeOf = (duties: number): number => PLACES.get(duties) as number;

/**
 * Decides a request against the rights in one record (rights.md, "Deciding"): the request is cut where a clause may
 * divide it, by use, purpose, release and listed country; a prohibition applies to each part that it overlaps, a permit to
 * each that lies inside it. Of several ways to be permitted, the one with the fewest duties over all parts counts; of
 * several licences to choose from, the best. What it costs, the clauses times the parts, is taken from `work` before it is
 * done; a denial that nothing decides is what comes of too little.
 */
export function evaluate({ clauses, alternatives }: Rights, region: Region, work: Work = { left: Infinity }): Verdict {
  const own = clauses.filter((clause) => isAbout(clause, region));
  const choices = alternatives.map((terms) => ({
    terms,
    implied: terms.map((term) => term.clauses.filter((clause) => isAbout(clause, region))),
  }));
  const all = [...own, ...choices.flatMap(({ implied }) => implied.flat())];
  work.left -= clauses.length + all.length * (region.territory?.length ?? 1);
  const pieces = work.left < 0 ? [] : piecesOf(region, all);
  work.left -= all.length * pieces.length;
  if (work.left < 0) return { outcome: 'deny', duties: 0, deciding: [], lifted: [], piece: null, terms: [] };
  const parts = pieces.map((piece) => ({
    piece,
    prohibitions: own.filter((clause) => !clause.isPermit && overlaps(clause, piece)),
    isLifted: own.some((clause) => lifts(clause, piece)),
    permits: fewest(covering(own, piece).map((clause) => ({ duties: clause.duties, clauses: [clause] }))),
  }));
  let best: Verdict | null = null;
  for (const { terms, implied } of choices) {
    const verdict = evaluateTerms(parts, terms, implied);
    if (best === null || isBetter(verdict, best)) best = verdict;
  }
  if (best === null) throw new TypeError('alternatives: expected one at least');
  return best;
}

/** A piece, and what the record's rules and the grants say to it. */
interface Part {
  piece: Piece;
  prohibitions: readonly Clause[];
  /** Whether a grant lifts what is prohibited publicly. */
  isLifted: boolean;
  permits: readonly Permit[];
}

function isBetter(a: Verdict, b: Verdict): boolean {
  const byOutcome = RANK[a.outcome] - RANK[b.outcome];
  if (byOutcome !== 0) return byOutcome > 0;
  const byDuties = placeOf(a.duties) - placeOf(b.duties);
  return byDuties !== 0 ? byDuties < 0 : nameOf(a.terms) < nameOf(b.terms);
}

const nameOf = (terms: readonly Term[]): string => terms.map(({ license }) => license).join(' ');

/** Whether a clause may bear on any of a request, at its time. */
const isAbout = (clause: Clause, region: Region): boolean =>
  clause.from <= region.at && region.at < clause.until && bearsOn(clause, region);

/** Whether it may at some time or other. */
export const bearsOn = (clause: Clause, { uses, purposes, releases, field, licensee }: Region): boolean =>
  (clause.uses & uses) !== 0 &&
  (clause.purposes & purposes) !== 0 &&
  (clause.releases & releases) !== 0 &&
  (clause.isPermit ? holds(clause.field, field) : touches(clause.field, field)) &&
  concerns(clause, licensee);

/** One way in which a piece is permitted. */
interface Permit {
  duties: number;
  clauses: readonly Clause[];
}

function evaluateTerms(
  parts: readonly Part[],
  terms: readonly Term[],
  implied: readonly (readonly Clause[])[],
): Verdict {
  const verdict = (outcome: Verdict['outcome'], piece: Piece | null, more: Partial<Verdict> = {}): Verdict => ({
    outcome,
    duties: 0,
    deciding: [],
    lifted: [],
    piece,
    terms,
    ...more,
  });
  const prohibiting = implied.flat().filter(({ isPermit }) => !isPermit);
  const lifted = new Set<Clause>();
  const denying = new Set<Clause>();
  let denied: Piece | null = null;
  for (const { piece, prohibitions, isLifted } of parts) {
    for (const clause of [...prohibitions, ...prohibiting.filter((each) => overlaps(each, piece))]) {
      if (isLifted && isPublic(clause)) lifted.add(clause);
      else {
        denying.add(clause);
        denied ??= piece;
      }
    }
  }
  if (denied !== null) return verdict('deny', denied, { deciding: inOrder(denying) });
  const permits: Permit[][] = [];
  for (const { piece, permits: own } of parts) {
    const permitted = fewest([...own, ...impliedPermits(implied, piece)]);
    if (permitted.length === 0) return verdict('unknown', piece);
    permits.push(permitted);
  }
  const duties = fewestDuties(permits);
  return verdict(duties === 0 ? 'allow' : 'conditional', null, {
    duties,
    deciding: inOrder(new Set(permits.flatMap((permitted) => choose(permitted, duties).clauses))),
    lifted: inOrder(lifted),
  });
}

/** A grant lifts a public prohibition only by naming the licensee; what a grant, or a rule about some, prohibits stays. */
const isPublic = ({ origin, licensees }: Clause): boolean => origin.source !== 'grant' && licensees === null;
const lifts = (clause: Clause, piece: Piece): boolean =>
  clause.origin.source === 'grant' && clause.licensees !== null && clause.isPermit && covers(clause, piece);

const overlaps = (clause: Clause, { uses, purposes, releases, country }: Piece): boolean =>
  (clause.uses & uses) !== 0 &&
  (clause.purposes & purposes) !== 0 &&
  (clause.releases & releases) !== 0 &&
  touches(clause.territory, country);

const covers = (clause: Clause, { uses, purposes, releases, country }: Piece): boolean =>
  (clause.uses & uses) === uses &&
  (clause.purposes & purposes) === purposes &&
  (clause.releases & releases) === releases &&
  holds(clause.territory, country);

/** Cuts a request where one of the clauses may divide it; where none does, it stays whole. */
function piecesOf({ uses, purposes, releases, territory }: Region, clauses: readonly Clause[]): Piece[] {
  const cut = (set: number, of: 'uses' | 'purposes' | 'releases'): number[] =>
    clauses.every((clause) => (clause[of] & set) === set) ? [set] : bitsOf(set);
  const countries = territory === null ? [null] : distinct(territory, clauses);
  const pieces: Piece[] = [];
  for (const country of countries)
    for (const leaf of cut(uses, 'uses'))
      for (const purpose of cut(purposes, 'purposes'))
        for (const release of cut(releases, 'releases'))
          pieces.push({ uses: leaf, purposes: purpose, releases: release, country });
  return pieces;
}

/** One country of each kind: those that all clauses hold or leave out alike are decided alike. */
function distinct(territory: readonly string[], clauses: readonly Clause[]): string[] {
  const limited = clauses.filter((clause) => clause.territory !== null);
  if (limited.length === 0) return territory.slice(0, 1);
  const kinds = new Map<string, string>();
  for (const country of territory) {
    const kind = limited.map((clause) => (holds(clause.territory, country) ? '1' : '0')).join('');
    if (!kinds.has(kind)) kinds.set(kind, country);
  }
  return [...kinds.values()];
}

const covering = (clauses: readonly Clause[], piece: Piece): Clause[] =>
  clauses.filter((clause) => clause.isPermit && covers(clause, piece));

/** The ways in which licences that all hold permit a piece together. */
function impliedPermits(implied: readonly (readonly Clause[])[], piece: Piece): Permit[] {
  if (implied.length === 0) return [];
  let together: Permit[] = [{ duties: 0, clauses: [] }];
  for (const clauses of implied) {
    const next = covering(clauses, piece);
    together = fewest(
      together.flatMap((permit) =>
        next.map((clause) => ({ duties: permit.duties | clause.duties, clauses: [...permit.clauses, clause] })),
      ),
    );
  }
  return together;
}

/** One permit for each set of duties. */
function fewest(permits: readonly Permit[]): Permit[] {
  if (permits.length < 2) return [...permits];
  const byDuties = new Map<number, Permit>();
  for (const permit of permits) {
    const known = byDuties.get(permit.duties);
    if (known === undefined || keysOf(permit) < keysOf(known)) byDuties.set(permit.duties, permit);
  }
  return [...byDuties.values()];
}

/** The smallest set of duties that suffices for a permit of every piece. */
const fewestDuties = (pieces: readonly (readonly Permit[])[]): number =>
  DUTY_SETS.find((set) => pieces.every((permits) => permits.some(({ duties }) => (duties & ~set) === 0))) as number;

const choose = (permits: readonly Permit[], allowed: number): Permit =>
  permits
    .filter(({ duties }) => (duties & ~allowed) === 0)
    .reduce((a, b) => (placeOf(a.duties) <= placeOf(b.duties) ? a : b));

/** What tells clauses apart whatever order they came in; a licence's clauses are asked again and again. */
const keys = new WeakMap<Clause, string>();
function keyOf(clause: Clause): string {
  let key = keys.get(clause);
  if (key === undefined) {
    const { origin, rule } = clause;
    const place = origin.source === 'licence' ? `${origin.license} ${origin.clause}` : '';
    const grant = origin.source === 'grant' ? origin.statement : '';
    keys.set(clause, (key = `${origin.source} ${place}${grant} ${JSON.stringify(rule)}`));
  }
  return key;
}
const keysOf = ({ clauses }: Permit): string => clauses.map(keyOf).join('\n');

const inOrder = (clauses: ReadonlySet<Clause>): Clause[] =>
  clauses.size < 2 ? [...clauses] : [...clauses].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
