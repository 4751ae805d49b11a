import type { RowFormat } from '../../schemas/manifest.ts';
import { CsvRows } from './csv.ts';
import { JsonlRows } from './jsonl.ts';
import type { RowDigester } from './row-digester.ts';

/** How a file's rows are read. */
export interface RowSource {
  format: RowFormat;
  /** Whether the file is gzip over that. */
  isGzip: boolean;
}

const SOURCES: readonly (readonly [suffix: string, source: RowSource])[] = [
  ['.jsonl', { format: 'jsonl', isGzip: false }],
  ['.ndjson', { format: 'jsonl', isGzip: false }],
  ['.jsonl.gz', { format: 'jsonl', isGzip: true }],
  ['.csv', { format: 'csv', isGzip: false }],
  ['.parquet', { format: 'parquet', isGzip: false }],
];

/** How the rows of a file with this name are read; null where it is not row-addressable. */
export function rowSourceOf(path: string): RowSource | null {
  const name = path.toLowerCase();
  return SOURCES.find(([suffix]) => name.endsWith(suffix))?.[1] ?? null;
}

/** Reads rows out of bytes that come in order. */
export interface RowReader {
  push(piece: Uint8Array): void;
  end(): void;
}

/** The reader of a format whose bytes can come in order; Parquet is read from its end. */
export const rowReader = (format: Exclude<RowFormat, 'parquet'>, digester: RowDigester): RowReader =>
  format === 'csv' ? new CsvRows(digester) : new JsonlRows(digester);
