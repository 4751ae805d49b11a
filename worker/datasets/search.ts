import { sql } from 'kysely';
import { ASSISTANCE_LEVELS } from '../../schemas/dataset-record.ts';
import type { SearchPage } from '../../schemas/api.ts';
import { type DatasetSummary, type SearchQuery } from '../../schemas/api.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { db, type Database } from '../database/port.ts';

/** Words as FTS5 phrases, so that nothing in them is query syntax; the last one also matches what it begins. */
const ftsQuery = (text: string): string =>
  text
    // SQLite ends a query text at its first NUL, in the middle of a phrase.
    .replaceAll('\0', ' ')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
    .map((word) => `"${word.replaceAll('"', '""')}"*`)
    .join(' ');

/** Finds records, newest first, a page at a time by their place in the log. */
export async function search(database: Database, query: SearchQuery): Promise<SearchPage> {
  let select = db
    .selectFrom('datasets')
    .innerJoin('statements', 'statements.log_index', 'datasets.log_index')
    .select([
      'datasets.log_index',
      'statements.id',
      'statements.issuer',
      'statements.logged_at',
      'name',
      'version',
      'task_type',
      'assistance',
      'license',
      sql<number>`EXISTS (SELECT 1 FROM revocations WHERE target_index = datasets.log_index)`.as('revoked'),
    ])
    .orderBy('datasets.log_index', 'desc')
    .limit(query.limit + 1);
  if (query.after !== undefined) select = select.where('datasets.log_index', '<', query.after);
  if (query.taskType !== undefined) select = select.where('task_type', '=', query.taskType);
  if (query.maxAssistance !== undefined) {
    select = select.where('assistance', '<=', ASSISTANCE_LEVELS.indexOf(query.maxAssistance));
  }
  for (const facet of ['domain', 'language'] as const) {
    const term = query[facet];
    if (term === undefined) continue;
    const tagged = db
      .selectFrom('dataset_terms')
      .select('log_index')
      .where('facet', '=', facet)
      .where('term', '=', term);
    select = select.where('datasets.log_index', 'in', tagged);
  }
  if (query.q !== undefined) {
    const words = ftsQuery(query.q);
    if (words === '') return { datasets: [], next: null };
    select = select.where(
      'datasets.log_index',
      'in',
      sql<number>`(SELECT rowid FROM dataset_text WHERE dataset_text MATCH ${words})`,
    );
  }
  const rows = await database.all(select.compile());
  const page = rows.slice(0, query.limit).map((row): DatasetSummary => ({
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
  }));
  return { datasets: page, next: rows.length > query.limit ? (page.at(-1)?.index ?? null) : null };
}
