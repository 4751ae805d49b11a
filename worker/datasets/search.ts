import { sql, type RawBuilder } from 'kysely';
import { ASSISTANCE_LEVELS } from '../../schemas/dataset-record.ts';
import { wordsOf, type DatasetSummary, type SearchPage, type SearchQuery } from '../../schemas/search.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { db, type Database } from '../database/port.ts';
import type { StatementRow, Tables } from '../database/tables.ts';
import type { FindPermits } from '../rights/filter.ts';
import { countDue } from '../rights/settle.ts';

/** Words as FTS5 phrases, so that nothing in them is query syntax; each also matches what it begins. */
const ftsQuery = (text: string): string =>
  wordsOf(text)
    .map((word) => `"${word.replaceAll('"', '""')}"*`)
    .join(' ');

/** One thing that is asked of a record: a list of those that have it, and whether one does. */
interface Filter {
  /** Tables, one of which has `place`, the record's place in the log. */
  from: RawBuilder<unknown>;
  place: RawBuilder<number>;
  where: RawBuilder<unknown>;
  /** Of a row of `datasets`. */
  isMet: RawBuilder<unknown>;
  /** Of a list that cannot be asked whether it has a record: it is gone through, whatever else is asked. */
  isFirst?: boolean;
}

type Row = Pick<StatementRow, 'log_index' | 'id' | 'issuer' | 'logged_at'> &
  Pick<Tables['datasets'], 'name' | 'version' | 'task_type' | 'assistance' | 'license'> & { revoked: number };

/** A list of fewer records is gone through, whatever else is asked; of longer ones, only as many as a page needs. */
const FEW = 2_000;
/** Records of a longer list that are gone through first for a page, and how many times more with each part after that. */
const FIRST_PART = 1_024;
const WIDER = 4;
/** Records of such a list that are charged as one unit, and units of one part at most. */
const RECORDS_A_UNIT = 16_384;
const MOST_UNITS = 10;

interface SearchDeps {
  database: Database;
  findPermits: FindPermits;
  now: number;
  /** Hears what is gone through, in units, before it is; whoever may not have it throws. */
  charge(units: number): Promise<void>;
}

/**
 * Finds records, newest first, a page at a time by their place in the log. It goes through the list of those that have
 * one of the things asked, the shortest if that is short, and asks the rest of each; words always come first.
 */
export async function search(deps: SearchDeps, query: SearchQuery): Promise<SearchPage> {
  const { database, findPermits, now } = deps;
  const { use, after, limit } = query;
  const none = { datasets: [], next: null };
  const filters = filtersOf(query);
  if (filters === null) return none;
  const page = (rows: readonly Row[]): SearchPage => ({
    datasets: rows.slice(0, limit).map(summaryOf),
    next: rows.length > limit ? (rows[limit - 1]?.log_index ?? null) : null,
  });
  if (use === undefined) {
    return page(await rowsOf(deps, filters, query));
  }
  const due = await countDue(database);
  const permits = await findPermits({ ...query, use });
  if (permits.length === 0) return { ...none, due };
  if (filters.length === 0 && query.maxAssistance === undefined) {
    const newest = newestPermitted(permits, now, after ?? Number.MAX_SAFE_INTEGER, limit + 1);
    return { ...page(await database.all(rowsBy([newest], null, query))), due };
  }
  const all = [...(filters.length === 0 ? [EVERYTHING] : filters), permittedFilter(permits, now)];
  return { ...page(await rowsOf(deps, all, query)), due };
}

/** What is asked but for rights; null where nothing can match. */
function filtersOf({ q, domain, language, taskType }: SearchQuery): Filter[] | null {
  const filters: Filter[] = [];
  if (q !== undefined) {
    const words = ftsQuery(q);
    if (words === '') return null;
    filters.push({
      from: sql`dataset_text`,
      place: sql`dataset_text.rowid`,
      where: sql`dataset_text MATCH ${words}`,
      isMet: sql`true`,
      isFirst: true,
    });
  }
  for (const [facet, term] of Object.entries({ domain, language })) {
    if (term === undefined) continue;
    const has = sql`facet = ${facet} AND term = ${term}`;
    filters.push({
      from: sql`dataset_terms AS tagged`,
      place: sql`tagged.log_index`,
      where: has,
      isMet: sql`EXISTS (SELECT 1 FROM dataset_terms AS tag WHERE ${has} AND tag.log_index = datasets.log_index)`,
    });
  }
  if (taskType !== undefined) {
    filters.push({
      from: sql`datasets AS tasked`,
      place: sql`tasked.log_index`,
      where: sql`tasked.task_type = ${taskType}`,
      isMet: sql`datasets.task_type = ${taskType}`,
    });
  }
  return filters;
}

const inForce = (now: number) => sql`since <= ${now} AND until > ${now}`;

function permittedFilter(permits: readonly number[], now: number): Filter {
  const isPermitted = sql`permits IN (SELECT value FROM json_each(${JSON.stringify(permits)})) AND ${inForce(now)}`;
  return {
    from: sql`permitted`,
    place: sql`permitted.log_index`,
    where: isPermitted,
    isMet: sql`EXISTS (SELECT 1 FROM permitted WHERE permitted.log_index = datasets.log_index AND ${isPermitted})`,
  };
}

/**
 * The newest that are permitted, and no more of them: from the newest under each of the permits on, always the newest of
 * those that are left (the queue of a recursive query, in its order).
 */
function newestPermitted(permits: readonly number[], now: number, before: number, count: number): Filter {
  const nextOf = (permits: RawBuilder<unknown>, before: RawBuilder<unknown>) =>
    sql`(SELECT log_index FROM permitted WHERE permitted.permits = ${permits} AND log_index < ${before}
      AND ${inForce(now)} ORDER BY log_index DESC LIMIT 1)`;
  return {
    from: sql`(WITH RECURSIVE merged (permits, log_index) AS (
        SELECT value, ${nextOf(sql`value`, sql`${before}`)} FROM json_each(${JSON.stringify(permits)})
        UNION ALL SELECT permits, ${nextOf(sql`merged.permits`, sql`merged.log_index`)} FROM merged
          WHERE log_index IS NOT NULL
        ORDER BY 2 DESC LIMIT ${count}
      ) SELECT log_index FROM merged WHERE log_index IS NOT NULL) AS newest`,
    place: sql`newest.log_index`,
    where: sql`true`,
    isMet: sql`true`,
  };
}

/** What the shortest list is of, if it is short: counted only as far as that matters. */
async function rarest(database: Database, filters: readonly Filter[]): Promise<Filter | null> {
  const counts = filters.flatMap(({ from, where, isFirst }, i) =>
    isFirst === true
      ? []
      : [
          sql`SELECT ${sql.lit(i)} AS filter, count(*) AS count FROM (SELECT 1 FROM ${from} WHERE ${where} LIMIT ${FEW})`,
        ],
  );
  if (filters.length < 2) return null;
  const [least] = await database.all(
    sql<{
      filter: number;
      count: number;
    }>`${sql.join(counts, sql` UNION ALL `)} ORDER BY count, filter LIMIT 1`.compile(db),
  );
  return least !== undefined && least.count < FEW ? (filters[least.filter] ?? null) : null;
}

const EVERYTHING: Filter = {
  from: sql`datasets AS every`,
  place: sql`every.log_index`,
  where: sql`true`,
  isMet: sql`true`,
};

/** The page that meets all of these. Through a long list it goes in parts, for the page may lie at its end. */
async function rowsOf(
  { database, charge }: SearchDeps,
  filters: readonly Filter[],
  query: SearchQuery,
): Promise<Row[]> {
  const few = await rarest(database, filters);
  const { from, place, where, isFirst } = firstOf(filters, few);
  const isAllFound = filters.length < 2 && query.maxAssistance === undefined;
  if (few !== null || isFirst === true || isAllFound) return database.all(rowsBy(filters, few, query));
  const rows: Row[] = [];
  let after = query.after ?? Number.MAX_SAFE_INTEGER;
  for (let part = FIRST_PART; ; part = Math.min(part * WIDER, MOST_UNITS * RECORDS_A_UNIT)) {
    const units = Math.floor(part / RECORDS_A_UNIT);
    if (units > 0) await charge(units);
    const [last] = await database.all(
      sql<{ place: number }>`SELECT ${place} AS place FROM ${from} WHERE ${where} AND ${place} < ${after}
        ORDER BY ${place} DESC LIMIT 1 OFFSET ${part - 1}`.compile(db),
    );
    const limit = query.limit - rows.length;
    rows.push(...(await database.all(rowsBy(filters, few, { ...query, after, limit }, last?.place))));
    if (last === undefined || rows.length > query.limit) return rows;
    after = last.place;
  }
}

/** Whose list is gone through. */
function firstOf(filters: readonly Filter[], few: Filter | null): Filter {
  const [begin = EVERYTHING] = filters;
  return begin.isFirst === true ? begin : (few ?? begin);
}

/** What meets all of these, of which `few` is had by few: the newest, down to the place `until`. */
function rowsBy(
  filters: readonly Filter[],
  few: Filter | null,
  { after, limit, maxAssistance }: SearchQuery,
  until?: number,
) {
  const first = firstOf(filters, few);
  const { from, place, where } = first;
  // The plus keeps SQLite from asking the full-text index for one record after the other.
  const isOfFew = (each: Filter) => sql`+${place} IN (SELECT ${each.place} FROM ${each.from} WHERE ${each.where})`;
  const conditions = [
    where,
    ...filters.filter((each) => each !== first).map((each) => (each === few ? isOfFew(each) : each.isMet)),
    ...(until === undefined ? [] : [sql`${place} >= ${until}`]),
    ...(after === undefined ? [] : [sql`${place} < ${after}`]),
    ...(maxAssistance === undefined ? [] : [sql`datasets.assistance <= ${ASSISTANCE_LEVELS.indexOf(maxAssistance)}`]),
  ];
  return sql<Row>`SELECT datasets.log_index, statements.id, issuer, logged_at, datasets.name, datasets.version,
      datasets.task_type, datasets.assistance, datasets.license,
      EXISTS (SELECT 1 FROM revocations WHERE target_index = datasets.log_index) AS revoked
    FROM ${from} CROSS JOIN datasets ON datasets.log_index = ${place}
    CROSS JOIN statements ON statements.log_index = datasets.log_index
    WHERE ${sql.join(conditions, sql` AND `)} ORDER BY ${place} DESC LIMIT ${limit + 1}`.compile(db);
}

const summaryOf = (row: Row): DatasetSummary => ({
  id: row.id,
  index: row.log_index,
  loggedAt: logTimeOf(row.logged_at),
  issuer: row.issuer,
  name: row.name,
  version: row.version,
  taskType: row.task_type as DatasetSummary['taskType'],
  assistance: ASSISTANCE_LEVELS[row.assistance] ?? 'synthetic',
  license: row.license,
  revoked: row.revoked === 1,
});
