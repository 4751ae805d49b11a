import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types';
import type { CompiledQuery } from 'kysely';
import { bulkQueries } from '../database/bulk.ts';
import type { Database, Query } from '../database/port.ts';
import { normalizeRows } from '../database/rows.ts';

/** D1. A batch is one transaction; blobs come back as arrays of numbers. */
export function createD1(d1: D1Database): Database {
  const prepare = ({ sql, parameters }: Query): D1PreparedStatement => d1.prepare(sql).bind(...parameters);
  return {
    async all<R>(query: CompiledQuery<R>) {
      return normalizeRows<R>((await prepare(query).all()).results);
    },
    async batch(writes) {
      await d1.batch(writes.flatMap<Query>((write) => ('rows' in write ? bulkQueries(write) : [write])).map(prepare));
    },
  };
}
