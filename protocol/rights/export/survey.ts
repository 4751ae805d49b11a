import type { Decision, DecisionOutcome, DecisionQuestion, DecisionReason } from '../../../schemas/decision.ts';
import { limits } from '../../../schemas/limits.ts';
import type { Did, StatementId } from '../../../schemas/primitives.ts';
import type { Duty, ModelRelease, Purpose, Use } from '../../../schemas/rights-rule.ts';
import type { Evidence, Present } from '../../evidence.ts';
import { decide } from '../decide.ts';
import type { Work } from '../evaluate.ts';
import { purposesOf, releasesOf } from '../vocabulary.ts';
import { facetsOf, type Dimensions, type Facets } from './facets.ts';
import { countryIn, fieldIn, type Zone } from './zone.ts';

/** A part of all that may be asked about one use. */
export interface Box {
  purpose: Purpose;
  release: ModelRelease;
  territory: Zone;
  field: Zone;
}

/** What the engine answers to a box as a whole: what holds of it holds of every part of it, but for denials. */
export interface Cell extends Box {
  outcome: DecisionOutcome;
  duties: readonly Duty[];
  limitedBy: DecisionReason | null;
}

/** A box of which nothing is left open: the engine permits, or denies, whatever is asked within it. */
export interface Settled extends Box {
  duties: readonly Duty[];
}

/** What the engine answers for uses that no rule tells apart. */
export interface Answers {
  uses: Use[];
  /** The answer to the widest question: any purpose, worldwide, any release, any field, anyone. */
  widest: Cell;
  /** What is permitted: a narrower box only where it asks for less than the wider ones that hold it. */
  permitted: Settled[];
  /** What is denied altogether; of boxes within boxes, the widest. */
  denied: Settled[];
}

/** What the engine answers about a record, as of a time: all that the formats are written from. */
export interface Survey {
  record: StatementId;
  /** Null where the record is erased or missing. */
  document: Present<'DatasetRecord'>['document'] | null;
  at: number;
  facets: Facets;
  answers: Answers[];
}

/** Somebody whom no rule names: the all-zero key, with which nobody can sign. */
const STRANGER = 'did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP' as Did;

/**
 * Asks the engine whatever the formats need to know of a record, for the public, as of a time: each group of uses that the
 * rules tell apart, and each box that they may divide. Total; what is more than `work` is denied, as in {@link decide}.
 */
export function surveyOf(
  evidence: Evidence,
  record: StatementId,
  at: number,
  work: Work = { left: limits.decisionWork },
): Survey {
  const facets = facetsOf(evidence, record, at, work);
  return {
    record,
    document: evidence.record(record)?.document ?? null,
    at,
    facets,
    answers: askAll(facets, (question) =>
      work.left < 0 ? EXHAUSTED : decide(evidence, { record, ...question }, at, work),
    ),
  };
}

/** Once nothing may be weighed any more, nothing more is asked. */
const EXHAUSTED = { decision: 'deny', duties: [], limitedBy: null } as const;

type Ask = (
  question: DecisionQuestion,
) => Readonly<Pick<Decision, 'decision' | 'limitedBy'>> & { readonly duties: readonly Duty[] };

/** Asks about every group of uses and every box that rules may tell apart. */
export const askAll = (dimensions: Dimensions, ask: Ask): Answers[] =>
  dimensions.uses.map((uses) => answersOf(uses, dimensions, ask));

function answersOf(uses: Use[], facets: Dimensions, ask: Ask): Answers {
  const use = uses[0] ?? 'train';
  const cells = [...boxesOf(facets)].map((box): Cell => {
    const { decision: outcome, duties, limitedBy } = ask(questionOf(use, box));
    return { ...box, outcome, duties, limitedBy };
  });
  const isDenied = (cell: Cell): boolean =>
    cell.outcome === 'deny' &&
    // What is denied to somebody in particular is denied to anyone who does not say who they are, and not to others.
    (!facets.namesLicensees || ask({ ...questionOf(use, cell), licensee: STRANGER }).decision === 'deny');
  const permitted = cells.filter(
    (cell) =>
      isPermitted(cell) &&
      !cells.some((wider) => wider !== cell && isPermitted(wider) && isWithin(cell, wider) && asksNoMore(wider, cell)),
  );
  const isAtom = atomsIn(facets);
  const open = cells.filter((cell) => isAtom(cell) && !isDenied(cell));
  const denied = cells.filter((cell) => cell.outcome === 'deny' && !open.some((atom) => isWithin(atom, cell)));
  return {
    uses,
    widest: cells[0] as Cell,
    permitted,
    denied: denied.filter((cell) => !denied.some((wider) => wider !== cell && isWithin(cell, wider))),
  };
}

/** Every box that the rules may tell apart; one that holds another comes before it. */
function* boxesOf({ purposes, releases, territories, fields }: Dimensions): Generator<Box> {
  for (const field of fields)
    for (const territory of territories)
      for (const purpose of purposes) for (const release of releases) yield { purpose, release, territory, field };
}

/** Whether a box holds no smaller one: each of its sides is a word, or a zone, that holds no other. */
function atomsIn({ purposes, releases, territories, fields }: Dimensions): (box: Box) => boolean {
  const least = <T>(words: readonly T[], isInside: (inner: T, outer: T) => boolean): ReadonlySet<T> =>
    new Set(words.filter((word) => !words.some((other) => other !== word && isInside(other, word))));
  const [purpose, release] = [least(purposes, isPurposeIn), least(releases, isReleaseIn)];
  const [territory, field] = [least(territories, isZoneIn), least(fields, isZoneIn)];
  return (box) =>
    purpose.has(box.purpose) && release.has(box.release) && territory.has(box.territory) && field.has(box.field);
}

function questionOf(use: Use, { purpose, release, territory, field }: Box): DecisionQuestion {
  const country = territory === null ? undefined : countryIn(territory);
  return {
    use,
    purpose,
    modelRelease: release,
    ...(country === undefined ? {} : { territory: [country] }),
    ...(field === null ? {} : { field: fieldIn(field) }),
  };
}

const isPermitted = ({ outcome }: Cell): boolean => outcome === 'allow' || outcome === 'conditional';
const asksNoMore = (a: Cell, b: Cell): boolean => a.duties.every((duty) => b.duties.includes(duty));

const isPurposeIn = (inner: Purpose, outer: Purpose): boolean => (purposesOf[inner] & ~purposesOf[outer]) === 0;
const isReleaseIn = (inner: ModelRelease, outer: ModelRelease): boolean =>
  (releasesOf[inner] & ~releasesOf[outer]) === 0;
/** Of zones that one whole was cut into. */
const isZoneIn = (inner: Zone, outer: Zone): boolean => outer === null || outer === inner;

/** Whether a box lies inside another, or is the same. */
const isWithin = (inner: Box, outer: Box): boolean =>
  isPurposeIn(inner.purpose, outer.purpose) &&
  isReleaseIn(inner.release, outer.release) &&
  isZoneIn(inner.territory, outer.territory) &&
  isZoneIn(inner.field, outer.field);
