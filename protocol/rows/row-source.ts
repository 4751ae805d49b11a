import type { RowFormat } from '../../schemas/manifest.ts';

/** How a file's rows are read. */
export interface RowSource {
  format: RowFormat;
  /** Whether the file is gzip over that. */
  isGzip: boolean;
}

const SOURCES: readonly [suffix: string, source: RowSource][] = [
  ['.jsonl', { format: 'jsonl', isGzip: false }],
  ['.ndjson', { format: 'jsonl', isGzip: false }],
];

/** How the rows of a file with this name are read; null where it is not row-addressable. */
export function rowSourceOf(path: string): RowSource | null {
  const name = path.toLowerCase();
  return SOURCES.find(([suffix]) => name.endsWith(suffix))?.[1] ?? null;
}
