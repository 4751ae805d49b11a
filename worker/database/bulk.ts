import { sql, type CompiledQuery, type RawBuilder } from 'kysely';
import { db } from './port.ts';

/** Bytes of JSON in one bound parameter; D1 allows 2 MB. */
const PARAMETER_BYTES = 1024 * 1024;

/**
 * Writes many rows through as few statements as their bytes allow: each row is a JSON array, and `query` selects from
 * `rows`, in which column n of a row is `value ->> n`.
 */
export function bulk(
  rows: readonly (readonly (string | number | null)[])[],
  query: (rows: RawBuilder<unknown>) => RawBuilder<unknown>,
): CompiledQuery[] {
  const queries: CompiledQuery[] = [];
  let chunk: string[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (chunk.length > 0) queries.push(query(sql`json_each(${`[${chunk.join(',')}]`})`).compile(db));
    chunk = [];
    bytes = 0;
  };
  for (const row of rows) {
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
