import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { limits } from '../../../schemas/limits.ts';
import { concatBytes } from '../../../protocol/bytes.ts';
import { bomLength, isBlank } from '../../../protocol/rows/jsonl.ts';
import { rowSourceOf } from '../../../protocol/rows/row-source.ts';
import type { Verification } from '../../../protocol/verify/verify.ts';
import { CliError } from '../cli-error.ts';
import { isZlib } from '../content/gunzip.ts';
import type { Content } from '../content/read-content.ts';
import { writeOutput } from '../durable-file.ts';

type Unmatched = Verification['unmatched'][number];

/** One row that no certified record has, or a file without rows. */
export interface UnmatchedRow {
  file: string;
  /** Its number among the rows, from 1. */
  row?: number;
  /** The line that it is on, and what the line says, where rows are lines. */
  line?: number;
  text?: string;
}

/** Saves what is in no certified record, one {@link UnmatchedRow} as JSON a line. */
export const saveUnmatched = (target: string, rows: AsyncIterable<UnmatchedRow>): Promise<void> =>
  writeOutput(target, asLines(rows));

async function* asLines(rows: AsyncIterable<UnmatchedRow>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/**
 * Rows that no certified record has, read again from the folder or file at `path`. Throws CliError where a file is no longer
 * what was verified.
 */
export async function* unmatchedRows(
  path: string,
  content: Content,
  unmatched: readonly Unmatched[],
): AsyncGenerator<UnmatchedRow> {
  const held = new Map(content.files.map((file) => [file.path, file]));
  for (const { file, rows } of unmatched) {
    const count = held.get(file.path)?.rowDigests?.count ?? null;
    if (count === null) {
      yield { file: file.path };
      continue;
    }
    const has = (row: number): boolean => rows?.has(row) ?? true;
    const source = rowSourceOf(file.path);
    if (source?.format === 'jsonl') {
      const location = content.isFolder ? join(path, file.path) : path;
      for await (const line of rowLines(location, source.isGzip, file.sha256)) {
        if (has(line.row)) yield { file: file.path, ...line, row: line.row + 1 };
      }
    } else {
      for (let row = 0; row < count; row++) if (has(row)) yield { file: file.path, row: row + 1 };
    }
  }
}

/** The rows of a file of JSON lines; `row` counts from 0. */
async function* rowLines(
  location: string,
  isGzip: boolean,
  sha256: string,
): AsyncGenerator<{ row: number; line: number; text: string }> {
  const hash = createHash('sha256');
  const decoder = new TextDecoder();
  let row = 0;
  let line = 0;
  for await (const bytes of linesOf(inflated(location, isGzip, (piece) => hash.update(piece)))) {
    const text = line++ === 0 ? bytes.subarray(bomLength(bytes)) : bytes;
    if (!isBlank(text, 0, text.length)) yield { row: row++, line, text: decoder.decode(text) };
  }
  if (hash.digest('hex') === sha256) return;
  throw changed(location);
}

const changed = (location: string): CliError =>
  new CliError(
    'conflict',
    `${location} changed after it was verified`,
    'wait until nothing writes to it, then run again',
  );

async function* inflated(location: string, isGzip: boolean, onBytes: (piece: Buffer) => void): AsyncGenerator<Buffer> {
  const file = createReadStream(location, { highWaterMark: 1024 * 1024 });
  file.on('data', (piece) => onBytes(piece as Buffer));
  if (!isGzip) return yield* file as AsyncIterable<Buffer>;
  const inflating = createGunzip();
  // Whatever goes wrong with either ends both, and is heard of by who reads.
  pipeline(file, inflating, () => undefined);
  try {
    yield* inflating as AsyncIterable<Buffer>;
  } catch (error) {
    throw isZlib(error) ? changed(location) : error;
  }
}

/** Lines without their ends. */
async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array[] = [];
  let held = 0;
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, from)) {
      const line = piece.subarray(from, end);
      yield withoutReturn(rest.length === 0 ? line : concatBytes(...rest, line));
      [rest, held, from] = [[], 0, end + 1];
    }
    rest.push(piece.slice(from));
    held += piece.length - from;
    if (held > limits.rowBytes + 5)
      throw new CliError('invalid-file', `a line is longer than ${limits.rowBytes} bytes`);
  }
  if (held > 0) yield withoutReturn(concatBytes(...rest));
}

const withoutReturn = (line: Uint8Array): Uint8Array =>
  line.at(-1) === 0x0d ? line.subarray(0, line.length - 1) : line;
