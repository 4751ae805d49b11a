import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { limits } from '../../schemas/limits.ts';
import { Digest } from '../../schemas/primitives.ts';
import { utf8 } from '../../protocol/bytes.ts';
import { digestFromBytes } from '../../protocol/digest.ts';
import { canonicalJson, parseJson } from '../../protocol/json.ts';
import { RowDigester } from '../../protocol/rows/row-digester.ts';
import { ROW_DIGEST_BYTES, rowDigest } from '../../protocol/rows/row-digests.ts';
import { rowReader, rowSourceOf, type RowReader, type RowSource } from '../../protocol/rows/row-source.ts';
import { RowsError } from '../../protocol/rows/rows-error.ts';
import { CliError } from './cli-error.ts';
import { explain } from './content/explain.ts';
import { digestGzip } from './content/gunzip.ts';
import { hashContent } from './content/hash-content.ts';
import { SteadyFile } from './content/hash-file.ts';
import { rowDigestsIn, SpoolFolder } from './content/spool.ts';
import { kindOfPath } from './dataset-folder.ts';

const LF = 0x0a;

/** The digest of a row that is given as one, as JSON, or as the place of one in a file: `train.jsonl:17`. */
export async function rowOf(argument: string): Promise<Digest> {
  const digest = Digest.safeParse(argument);
  if (digest.success) return digest.data;
  const [, file, line] = /^(.+):([1-9]\d{0,14})$/s.exec(argument) ?? [];
  if (file !== undefined && existsSync(file)) return rowAt(file, Number(line));
  if (argument.length > limits.rowBytes) throw new CliError('usage', `a row has ${limits.rowBytes} bytes at most`);
  const json = parseJson(argument);
  if (json.ok) return digestFromBytes(rowDigest(utf8(canonicalJson(json.value))));
  throw new CliError(
    'usage',
    `neither a row’s digest, nor a line of a file that is here, nor a row: ${json.reason.detail}`,
    'give sha256:…, FILE:LINE, or the row’s JSON in quotes',
  );
}

/** The row that ends on a line of a file, counted from 1; of Parquet, which has no lines, the row of that number. */
async function rowAt(path: string, line: number): Promise<Digest> {
  const source = rowSourceOf(path);
  if (source === null) throw new CliError('invalid-file', `the rows of ${path} are not addressed`);
  if ((await kindOfPath(path)) !== 'file') throw new CliError('invalid-file', `${path} is a folder, not a file`);
  const { format } = source;
  const digest = format === 'parquet' ? await digestAtNumber(path, line) : await digestAtLine(path, source, line);
  if (digest.length === ROW_DIGEST_BYTES) return digestFromBytes(digest);
  throw new CliError(
    'not-found',
    `${path} has no ${format === 'parquet' ? `row ${line}` : `row that ends on line ${line}`}`,
  );
}

/** On a thread, as what decodes Parquet can be made to take all memory, or no end. Empty where there is no such row. */
async function digestAtNumber(path: string, number: number): Promise<Uint8Array> {
  using folder = new SpoolFolder();
  const [hashed] = await hashContent([{ path, location: path, bytes: (await stat(path)).size }], folder);
  const list = hashed?.list ?? null;
  if (list === null || number > list.count) return new Uint8Array();
  const offset = list.offset + (number - 1) * ROW_DIGEST_BYTES;
  for await (const digest of rowDigestsIn({ ...list, offset, count: 1 }).read()) return digest.slice();
  return new Uint8Array();
}

/** Empty where no row ends there. */
async function digestAtLine(path: string, { format, isGzip }: RowSource, line: number): Promise<Uint8Array> {
  const rows = new RowAtLine(format === 'csv' ? 'csv' : 'jsonl', line);
  try {
    using file = new SteadyFile(path);
    if (isGzip) await digestGzip(file.pieces(), file.byteLength, (piece) => rows.push(piece));
    else for (const piece of file.pieces()) rows.push(piece);
    file.check(file.byteLength);
    return rows.end();
  } catch (error) {
    throw error instanceof RowsError ? new CliError('invalid-file', `${path}: ${error.message}`) : explain(error);
  }
}

/** Finds the row that a line ends. */
class RowAtLine {
  readonly #digester = new RowDigester();
  readonly #reader: RowReader;
  /** Lines before it that are still to come. */
  #before: number;
  #digest: Uint8Array | null = null;

  constructor(format: 'jsonl' | 'csv', line: number) {
    this.#reader = rowReader(format, this.#digester);
    this.#before = line - 1;
  }

  push(piece: Uint8Array): void {
    if (this.#digest !== null) return;
    let start = 0;
    for (; this.#before > 0 && start < piece.length; this.#before--) {
      const newline = piece.indexOf(LF, start);
      if (newline < 0) return this.#pass(piece);
      start = newline + 1;
    }
    this.#pass(piece.subarray(0, start));
    const newline = piece.indexOf(LF, start);
    this.#reader.push(piece.subarray(start, newline < 0 ? piece.length : newline + 1));
    if (newline >= 0) this.#digest = this.#digester.take().slice();
  }

  end(): Uint8Array {
    if (this.#digest === null && this.#before === 0) this.#reader.end();
    return this.#digest ?? (this.#before === 0 ? this.#digester.take() : new Uint8Array());
  }

  /** Reads what comes before the line; its rows are nobody's concern. */
  #pass(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#reader.push(bytes);
    this.#digester.take();
  }
}
