import type { CompiledQuery } from 'kysely';
import type { Impact, ImpactItem, ImpactQuery } from '../../schemas/impact.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { Evidence } from '../../protocol/evidence.ts';
import { impactOf, noteOn, touchOf, vouches, type Touch } from '../../protocol/impact.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { isTooMuch, MOST, standingEvidence, toLogged } from '../database/evidence.ts';
import {
  targetOf,
  touchedBetween,
  touchedWithin,
  type TargetRow,
  type TouchedRow,
  type WalkRow,
} from '../database/impact.ts';
import type { Deps } from '../deps.ts';
import { ProblemError } from '../http/problem.ts';
import { newestCheckpoint } from '../log/routes.ts';

/** Statements that are walked from the one withdrawn; where more come before a page, its window of the log is looked at. */
const BEFORE = 5_000;
/** Statements that are gone through for such a window. */
const WITHIN = 100_000;

/** Log entries that are looked at first for each item asked for, and by how much more where that was too few. */
const ENTRIES_AN_ITEM = 64;
const WIDER = 16;

type Reads = Pick<Deps, 'database' | 'operator' | 'now'>;

/** What a withdrawal of a statement would touch: a page of it, by one checkpoint. Throws ProblemError. */
export async function impactPage(deps: Reads, id: StatementId, query: ImpactQuery): Promise<Impact> {
  const { size } = await newestCheckpoint(deps.database);
  const [target] = await deps.database.all(targetOf(id));
  if (target === undefined || target.log_index >= size) {
    throw new ProblemError('not-found', `${id} is not in this log`);
  }
  const { kind, log_index: index, erased } = target;
  const { note, isFinal } = noteOn({ kind, index, isErased: erased === 1 });
  const impact = { statement: id, kind, asOf: { size }, note };
  if (isFinal) return { ...impact, items: [], next: null };
  const { rows, next } = await walk(deps, target, query, size);
  const { touches, judged } = await judge(deps, target, rows, size);
  const items = rows.slice(0, judged).flatMap((row): ImpactItem[] => {
    const touch = touches(row);
    return touch === null ? [] : [itemOf(target, row, touch)];
  });
  return { ...impact, items, next: rows[judged]?.log_index ?? next };
}

/** Statements that may be touched, and from where in the log to go on once they are told. */
interface Walked {
  rows: TouchedRow[];
  next: number | null;
}

/**
 * The statements from `after` on that may be touched. Of a statement on which little rests, a whole page where there is one,
 * for that is walked through in no time; else what a window of the log holds, however little.
 */
async function walk(deps: Reads, target: TargetRow, { after, limit }: ImpactQuery, size: number): Promise<Walked> {
  const from = Math.max(after, target.root);
  const first = (limit + 1) * ENTRIES_AN_ITEM;
  for (let window = first; ; window *= WIDER) {
    const below = Math.min(size, from + window);
    const found = await read(deps, touchedBetween(target, { after: from, below, limit: limit + 1, most: BEFORE }));
    if (found.visited > BEFORE) break;
    if (found.rows.length > limit || below >= size) return cut(found.rows, limit, null);
  }
  for (let window = first; ; window = Math.ceil(window / WIDER)) {
    const below = Math.min(size, from + window);
    const found = await read(deps, touchedWithin(target, { after: from, below, limit: limit + 1, most: WITHIN }));
    if (found.visited <= WITHIN) return cut(found.rows, limit, below >= size ? null : below);
    if (window === 1) {
      throw tooMuch(from, `${WITHIN} statements`);
    }
  }
}

const tooMuch = (index: number, most: string): ProblemError =>
  new ProblemError(
    'too-large',
    `what stands behind entry ${index} is more than ${most}; go on from entry ${index + 1}`,
  );

async function read({ database }: Reads, query: CompiledQuery<WalkRow>) {
  const rows = await database.all(query);
  return {
    rows: rows.flatMap((row) => (row.log_index === null ? [] : [row])),
    visited: rows[0]?.visited ?? 0,
  };
}

const cut = (rows: TouchedRow[], limit: number, end: number | null): Walked => ({
  rows: rows.slice(0, limit),
  next: rows[limit]?.log_index ?? end,
});

interface Judged {
  touches(row: TouchedRow): Touch | null;
  /** How many of the rows: fewer where what decides about all of them is too much to read at once. */
  judged: number;
}

/** What becomes of each statement; of what rests on a signer's right, by the same function that judges standing. */
async function judge(deps: Reads, target: TargetRow, rows: readonly TouchedRow[], size: number): Promise<Judged> {
  if (!vouches(target.kind)) return { touches: (row) => touchOf(target, row), judged: rows.length };
  for (let judged = rows.length; ; judged = Math.ceil(judged / 4)) {
    const asked = rows.slice(0, judged);
    const isRecord = ({ kind }: TouchedRow): boolean => kind === 'DatasetRecord';
    const records = asked.flatMap((row) => (isRecord(row) ? row.id : (row.named ?? [])));
    const others = [target.id, ...asked.flatMap((row) => (isRecord(row) ? [] : [row.id]))];
    const found = await deps.database.all(standingEvidence([...new Set(records)], others, size));
    if (isTooMuch(found)) {
      if (judged > 1) continue;
      throw tooMuch(asked[0]?.log_index ?? 0, MOST);
    }
    const evidence = new Evidence(await deps.operator(), found.map(toLogged));
    const withdrawn = evidence.get(target.id);
    if (withdrawn === undefined) throw new Error(`the evidence about ${target.id} does not hold it`);
    const on = impactOf(evidence, withdrawn, deps.now());
    return {
      judged,
      touches(row) {
        const item = evidence.get(row.id);
        return item === undefined ? null : on(item);
      },
    };
  }
}

function itemOf(target: TargetRow, row: TouchedRow, { when, how, otherwise }: Touch): ImpactItem {
  return {
    id: row.id,
    kind: row.kind,
    index: row.log_index,
    loggedAt: logTimeOf(row.logged_at),
    ...(row.name === null ? {} : { name: row.name }),
    revoked: row.revoked === 1,
    through: throughOf(target, row, how),
    when,
    how,
    otherwise,
  };
}

/** Why it is touched: what it names, or who vouches for it. */
function throughOf(target: TargetRow, row: TouchedRow, how: Touch['how']): ImpactItem['through'] {
  if (row.id === target.id) return null;
  if (how === 'authority') {
    const accredited = { relation: 'accredits', id: target.id } as const;
    return row.credential === null ? accredited : { relation: 'attests', id: row.credential };
  }
  if (row.relation !== null && row.named !== null) return { relation: row.relation, id: row.named };
  return { relation: target.kind === 'RightsGrant' ? 'grants' : 'reviews', id: target.id };
}
