import type { BulkWrite, Query } from './port.ts';

/** Bytes of JSON in one bound parameter; D1 allows 2 MB. */
const PARAMETER_BYTES = 1024 * 1024;

/**
 * A bulk write as few queries, for a database that charges for each: rows travel as JSON, of which SQLite reads what
 * each `?`.
 */
export function bulkQueries(write: BulkWrite): Query[] {
  let column = 0;
  const select = write.sql
    .replace(/ VALUES \((.*)\)$/s, ' SELECT $1 FROM json_each(?)')
    .replaceAll(/\?(?!\)$)/g, () => `value ->> ${column++}`);
  const queries: Query[] = [];
  let chunk: string[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (chunk.length > 0) queries.push({ sql: select, parameters: [`[${chunk.join(',')}]`] });
    chunk = [];
    bytes = 0;
  };
  for (const row of write.rows) {
    const json = JSON.stringify(row);
    // A code unit takes three bytes of UTF-8 at most.
    const size = json.length * 3;
    if (bytes + size > PARAMETER_BYTES) flush();
    chunk.push(json);
    bytes += size;
  }
  flush();
  return queries;
}
