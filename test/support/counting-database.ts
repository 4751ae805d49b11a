import type { CompiledQuery } from 'kysely';
import type { Database, Query, Write } from '../../worker/database/port.ts';

/** What some work cost its database. */
export interface Cost {
  queries: number;
  /** Rows that came back, and those of them that are tiles. */
  rows: number;
  tiles: number;
  /** Bytes of tiles written. */
  tileBytes: number;
  milliseconds: number;
}

/** A real database that counts what is asked of it, and remembers the queries. */
export class CountingDatabase implements Database {
  readonly #real: Database;
  readonly seen = new Map<string, Query>();
  #cost: Cost = { queries: 0, rows: 0, tiles: 0, tileBytes: 0, milliseconds: 0 };

  constructor(real: Database) {
    this.#real = real;
  }

  /** Does some work and answers what it cost. */
  async costOf(work: () => Promise<unknown>): Promise<Cost> {
    this.#cost = { queries: 0, rows: 0, tiles: 0, tileBytes: 0, milliseconds: 0 };
    const start = performance.now();
    await work();
    return { ...this.#cost, milliseconds: Math.round((performance.now() - start) * 10) / 10 };
  }

  all: Database['all'] = async <R>(query: CompiledQuery<R>) => {
    this.#count(query);
    const rows = await this.#real.all(query);
    this.#cost.rows += rows.length;
    this.#cost.tiles += rows.filter((row) => 'hashes' in (row as object)).length;
    return rows;
  };

  batch: Database['batch'] = (queries) => {
    for (const query of queries) this.#count(query);
    return this.#real.batch(queries);
  };

  /** Where SQLite, in any query seen so far, reads more than was asked about: by its query plans, one line a step. */
  async scans(): Promise<string[]> {
    const explained = [...this.seen.values()].map(async (query) => {
      const rows = await this.#real.all({
        ...query,
        sql: `EXPLAIN QUERY PLAN ${query.sql}`,
      } as CompiledQuery<{ detail: string }>);
      return rows.flatMap(({ detail }) => (isBounded(detail, query.sql) ? [] : [`${detail}: ${query.sql}`]));
    });
    return (await Promise.all(explained)).flat();
  }

  #count(write: Write): void {
    // A bulk write is counted, and explained, as one.
    const query: Query = 'rows' in write ? { sql: write.sql, parameters: write.rows[0] ?? [] } : write;
    if ('rows' in write && write.rows.length === 0) return;
    this.seen.set(query.sql, query);
    this.#cost.queries++;
    if (!/^insert into "tiles"/i.test(query.sql)) return;
    // Each tile is bound twice: to be inserted, or to take its narrower self's place.
    const hashes = query.parameters.find((parameter): parameter is Uint8Array => parameter instanceof Uint8Array);
    this.#cost.tileBytes += hashes?.length ?? 0;
  }
}

/** Whether a step of a query plan reads no more rows than the request names, or than belong to what it names. */
function isBounded(step: string, text: string): boolean {
  // All statements of a kind, or all references of one relation, grow with the log.
  if (/^SEARCH .*\((relation|facet)=\?\)$/.test(step)) return false;
  if (!step.startsWith('SCAN ')) return true;
  // What came with the request, and what was found of it so far.
  if (
    /^SCAN (CONSTANT ROW|.* VIRTUAL TABLE|base|touched|held|vouching|lineage|records|signers|credentials|page|given|received|voided|vouched|made|merged|newest|accreditations|own|work|successors|named|listed|firsts|sized|summed|\(subquery)/.test(
      step,
    )
  )
    return true;
  // What waits for its turn, counted so far.
  if (step === 'SCAN permitted_due' && text.includes('FROM permitted_due LIMIT 10000')) return true;
  // One row, or a page of them, by key.
  if (/ order by "(size|log_index)"( desc)? limit \?$/.test(text)) return true;
  // SQLite looks for orphans of a new parent only while a deferred foreign key is violated; none of ours is deferred.
  return text.startsWith('INSERT INTO statements ') && /^SCAN (dataset_terms|blob_refs|revocations)$/.test(step);
}
