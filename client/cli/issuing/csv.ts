import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { CliError } from '../cli-error.ts';

/** One record of a CSV file (RFC 4180), with the line on which it begins. */
export interface CsvRecord {
  line: number;
  cells: readonly string[];
}

/** Characters of one record: a quote that is never closed would swallow the rest of the file. */
const RECORD_CHARS = 16 * 1024;

/** Reads records as they come, blank lines left out. A file that is no CSV ends with a CliError that names the line. */
export async function* readCsv(source: Readable, name: string): AsyncGenerator<CsvRecord> {
  let next = 1;
  const parser = parse({
    bom: true,
    // Given, not guessed from the first line: files are glued together from several systems.
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    max_record_size: RECORD_CHARS,
    // Counted here: a fault is raised before the records ahead of it are taken.
    on_record(cells: string[]) {
      const line = next;
      next += 1 + cells.reduce((sum, cell) => sum + newlines(cell), 0);
      return cells.length === 1 && cells[0] === '' ? null : [String(line), ...cells];
    },
  });
  source.once('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const [line, ...cells] of parser as AsyncIterable<string[]>) yield { line: Number(line), cells };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CliError('invalid-file', `${name}: line ${next}: ${FAULTS[error.code] ?? 'is not CSV (RFC 4180)'}`);
  } finally {
    source.destroy();
  }
}

const QUOTES = 'a cell with a quote in it is written "in quotes, and ""doubled"" inside"';
const FAULTS: Record<string, string> = {
  CSV_MAX_RECORD_SIZE: `is longer than ${RECORD_CHARS} characters: is a quote not closed?`,
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  INVALID_OPENING_QUOTE: QUOTES,
  CSV_INVALID_CLOSING_QUOTE: QUOTES,
};

function newlines(cell: string): number {
  let count = 0;
  for (let at = cell.indexOf('\n'); at >= 0; at = cell.indexOf('\n', at + 1)) count++;
  return count;
}
