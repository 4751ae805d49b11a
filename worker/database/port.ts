import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
} from 'kysely';
import type { Tables } from './tables.ts';

/**
 * SQL as the registry needs it. Kysely builds and compiles; the port executes. Values are text, safe integers, bytes
 * (`Uint8Array`) and null; a port gives bytes back as `Uint8Array` whatever its driver returns.
 */
export interface Database {
  all<R>(query: CompiledQuery<R>): Promise<R[]>;
  /** Runs all or none, in order. */
  batch(writes: readonly Write[]): Promise<void>;
}

/** One write, `INSERT … VALUES (?, …)`, repeated for each of many rows: the n-th `?` is the n-th value of a row. */
export interface BulkWrite {
  sql: string;
  rows: readonly (readonly (string | number | null)[])[];
}

/** What is executed of a compiled query. */
export type Query = Pick<CompiledQuery, 'sql' | 'parameters'>;

export type Write = Query | BulkWrite;

/** Builds and compiles queries; it has no connection. */
export const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});
