import { limits } from '../schemas/limits.ts';
import { ASSISTANCE_LEVELS, type AssistanceLevel } from '../schemas/dataset-record.ts';
import type { StatementId } from '../schemas/primitives.ts';
import type { Evidence, Present } from './evidence.ts';

/** A record with everything it is made of, as far as the evidence reaches. */
export interface Lineage {
  /** The records that it begins at: one, or those of a mix. */
  subjects: readonly StatementId[];
  /** The first subject first; each record once. */
  records: Present<'DatasetRecord'>[];
  /** What stands in the way of a complete answer: a missing or erased ancestor, a cycle, a bound. */
  faults: { detail: string; statement: StatementId }[];
}

/** The registered records that a record names as parts or sources. */
export function ancestorsOf(record: Present<'DatasetRecord'>): StatementId[] {
  const { parts = [], derivedFrom = [] } = record.document.credentialSubject;
  return [...parts, ...derivedFrom.flatMap((source) => ('id' in source ? [source.id] : []))];
}

/** The sources that a lineage names by URL only: nothing is known of them but what the record says. */
export const unregisteredSources = (lineage: Lineage): { url: string; record: StatementId }[] =>
  lineage.records.flatMap(({ id, document }) =>
    (document.credentialSubject.derivedFrom ?? []).flatMap((source) =>
      'url' in source ? [{ url: source.url, record: id }] : [],
    ),
  );

/** Walks parts and sources without recursion, each record once, within the bounds of statements.md. */
export function lineageOf(evidence: Evidence, ...subjects: readonly StatementId[]): Lineage {
  const records: Present<'DatasetRecord'>[] = [];
  const faults: Lineage['faults'] = [];
  const state = new Map<StatementId, 'open' | 'done'>();
  const stack = subjects.toReversed().map((id) => ({ id, depth: 0, leave: false }));
  while (stack.length > 0) {
    const { id, depth, leave } = stack.pop() as (typeof stack)[number];
    if (leave) {
      state.set(id, 'done');
      continue;
    }
    if (state.get(id) === 'open') faults.push({ detail: `${id} is its own ancestor`, statement: id });
    if (state.has(id)) continue;
    const record = evidence.record(id);
    if (record === undefined) {
      const erased = evidence.get(id)?.document === null;
      faults.push({ detail: erased ? `${id} was erased` : `${id} is missing`, statement: id });
      state.set(id, 'done');
      continue;
    }
    if (depth > limits.lineageDepth || records.length >= limits.lineageRecords) {
      const bound =
        depth > limits.lineageDepth ? `deeper than ${limits.lineageDepth}` : `over ${limits.lineageRecords} records`;
      faults.push({ detail: `the lineage is ${bound}`, statement: id });
      break;
    }
    state.set(id, 'open');
    records.push(record);
    stack.push({ id, depth, leave: true });
    for (const ancestor of ancestorsOf(record).toReversed()) {
      // effectiveAssistance counts on the log's order.
      if ((evidence.get(ancestor)?.index ?? -1) >= record.index) {
        faults.push({ detail: `${id} was logged before its ancestor ${ancestor}`, statement: id });
      }
      stack.push({ id: ancestor, depth: depth + 1, leave: false });
    }
  }
  return { subjects, records, faults };
}

/** The shortest way from a record to one of its ancestors, both included, whether or not that is there; empty where there is none. */
export function wayTo(evidence: Evidence, from: StatementId, ancestor: StatementId): StatementId[] {
  const cameFrom = new Map<StatementId, StatementId | null>([[from, null]]);
  for (const id of cameFrom.keys()) {
    if (id === ancestor) break;
    const record = evidence.record(id);
    for (const next of record === undefined ? [] : ancestorsOf(record)) {
      if (!cameFrom.has(next)) cameFrom.set(next, id);
    }
  }
  const way: StatementId[] = [];
  for (let at: StatementId | null = ancestor; at !== null && cameFrom.has(at); at = cameFrom.get(at) ?? null) {
    way.unshift(at);
  }
  return way;
}

/** The worse of two assistance levels. */
export const worse = (a: AssistanceLevel, b: AssistanceLevel): AssistanceLevel =>
  ASSISTANCE_LEVELS.indexOf(a) >= ASSISTANCE_LEVELS.indexOf(b) ? a : b;

/**
 * The effective assistance level of each record of a lineage: the worst of its own and every ancestor's. Composition
 * never launders.
 */
export function effectiveAssistance(lineage: Lineage): Map<StatementId, AssistanceLevel> {
  const levels = new Map<StatementId, AssistanceLevel>();
  // The log orders records after their ancestors, so each one's ancestors are settled before it.
  for (const record of lineage.records.toSorted((a, b) => a.index - b.index)) {
    const own = record.document.credentialSubject.authorship.assistance.level;
    const inherited = ancestorsOf(record).map((id) => levels.get(id) ?? 'none');
    levels.set(record.id, inherited.reduce(worse, own));
  }
  return levels;
}

/** The subjects and what they compose, parts of parts included, sources left out. */
export function composedRecords(lineage: Lineage): Present<'DatasetRecord'>[] {
  const byId = new Map(lineage.records.map((record) => [record.id, record]));
  const reached = new Set(lineage.subjects.flatMap((id) => byId.get(id) ?? []));
  for (const record of reached) {
    for (const part of record.document.credentialSubject.parts ?? []) {
      const next = byId.get(part);
      if (next !== undefined) reached.add(next);
    }
  }
  return [...reached];
}

/** These records and what they are derived from, sources of sources and their parts included; not parts of their own. */
export function madeFrom(lineage: Lineage, records: readonly StatementId[]): Present<'DatasetRecord'>[] {
  const byId = new Map(lineage.records.map((record) => [record.id, record]));
  const reached = new Set(records.flatMap((id) => byId.get(id) ?? []));
  const given = new Set(records);
  for (const record of reached) {
    const parts = new Set<StatementId>(given.has(record.id) ? record.document.credentialSubject.parts : []);
    for (const id of ancestorsOf(record)) {
      const next = byId.get(id);
      if (next !== undefined && !parts.has(id)) reached.add(next);
    }
  }
  return [...reached];
}
