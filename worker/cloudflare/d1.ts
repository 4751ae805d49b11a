import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types';
import type { CompiledQuery } from 'kysely';
import { normalizeRows, type Database } from '../database/port.ts';

/** D1. A batch is one transaction; blobs come back as arrays of numbers. */
export function createD1(d1: D1Database): Database {
  const prepare = ({ sql, parameters }: CompiledQuery): D1PreparedStatement => d1.prepare(sql).bind(...parameters);
  return {
    async all<R>(query: CompiledQuery<R>) {
      return normalizeRows<R>((await prepare(query).all()).results);
    },
    async batch(queries) {
      const results = await d1.batch(queries.map(prepare));
      return results.map(({ results: rows }) => normalizeRows<unknown>(rows));
    },
  };
}
