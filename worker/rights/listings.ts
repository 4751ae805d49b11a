import { sql } from 'kysely';
import { limits } from '../../schemas/limits.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { isKind } from '../../schemas/statement.ts';
import { BoundedCache } from '../../protocol/bounded-cache.ts';
import type { Present } from '../../protocol/evidence.ts';
import { ancestorsOf } from '../../protocol/lineage.ts';
import { decodePermits, type Permits } from '../../protocol/rights/permits.ts';
import { db, type Database } from '../database/port.ts';
import type { Inserted } from '../database/projections.ts';
import { isLarge, listingOf, type Listed } from './listing.ts';

/** Ids in one bound parameter, and texts that are read for one commit: 8 MiB. The records for which they are not enough wait. */
const NAMED = 10_000;
const TEXTS = 4096;

const decoded = new BoundedCache<string, Permits>(1024);
const permitsOfText = (text: string): Permits => decoded.get(text, () => decodePermits(text));

/** How the records of a commit are listed, by place; what needs a longer look is due. */
export async function listingsOf(
  database: Database,
  inserted: readonly Inserted[],
  loggedAt: number,
): Promise<Map<number, Listed>> {
  const records = inserted.flatMap(({ id, index, document }) =>
    isKind(document, 'DatasetRecord') ? [{ id, kind: 'DatasetRecord' as const, index, loggedAt, document }] : [],
  );
  const listed = await listedAncestors(database, records);
  return new Map(
    records.map((record) => {
      const listing = listingOf(record, listed(record));
      return [record.index, listing !== null && listing !== 'due' && isLarge(listing) ? 'due' : listing];
    }),
  );
}

interface Row {
  id: StatementId;
  isDue: number;
  permits: number | null;
  since: number;
  until: number;
  depth: number;
  records: number;
}

/** How the ancestors of records are listed, for each record. */
export async function listedAncestors(
  database: Database,
  records: readonly Present<'DatasetRecord'>[],
): Promise<(record: Present<'DatasetRecord'>) => (ancestor: StatementId) => Listed> {
  const ids = [...new Set(records.flatMap(ancestorsOf))];
  const rows = new Map<StatementId, Row[]>();
  for (let at = 0; at < ids.length; at += NAMED) {
    for (const row of await database.all(listedRows(ids.slice(at, at + NAMED)))) {
      rows.set(row.id, [...(rows.get(row.id) ?? []), row]);
    }
  }
  const wanted = new Set<number>();
  const reach = new Map<StatementId, 'read' | 'too-many' | 'due'>();
  for (const record of records) {
    const own = new Set(ancestorsOf(record).flatMap((id) => (rows.get(id) ?? []).map(({ permits }) => permits)));
    own.delete(null);
    const isRead = own.size <= limits.indexedAncestors && wanted.size + own.size <= TEXTS;
    if (isRead) for (const id of own) wanted.add(id as number);
    reach.set(record.id, isRead ? 'read' : own.size > limits.indexedAncestors ? 'too-many' : 'due');
  }
  const texts = wanted.size === 0 ? [] : await database.all(permitsTexts([...wanted]));
  const permits = new Map(texts.map(({ id, text }) => [id, permitsOfText(text)]));
  return (record) => (ancestor) => {
    const reached = reach.get(record.id);
    if (reached !== 'read') return reached === 'due' ? 'due' : null;
    const found = rows.get(ancestor) ?? [];
    if (found[0]?.isDue === 1) return 'due';
    const spans = found.flatMap(({ permits: id, since: from, until }) =>
      id === null ? [] : [{ from, until, permits: permits.get(id) as Permits }],
    );
    const [first] = found;
    return first === undefined || spans.length === 0 ? null : { spans, depth: first.depth, records: first.records };
  };
}

const listedRows = (ids: readonly StatementId[]) =>
  sql<Row>`SELECT statements.id, due.log_index IS NOT NULL AS "isDue", permits, since, until, depth, records
    FROM json_each(${JSON.stringify(ids)}) AS named
    CROSS JOIN statements ON statements.id = named.value
    LEFT JOIN permitted_due AS due ON due.log_index = statements.log_index
    LEFT JOIN permitted ON permitted.log_index = statements.log_index
    ORDER BY named.key, since`.compile(db);

const permitsTexts = (ids: readonly number[]) =>
  sql<{ id: number; text: string }>`SELECT permits.id, text FROM json_each(${JSON.stringify(ids)}) AS named
    CROSS JOIN permits ON permits.id = named.value`.compile(db);
