import { limits } from '../../schemas/limits.ts';
import { fromUtf8, utf8 } from '../bytes.ts';
import { canonicalJson } from '../json.ts';
import { JsonWriter } from './json-writer.ts';
import { bomLength, lineTooLong } from './jsonl.ts';
import type { RowDigester } from './row-digester.ts';
import { RowsError } from './rows-error.ts';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;

/** A column: what stands before its cell in a row's JSON, and which cell of a record that is. */
interface Column {
  key: Uint8Array;
  cell: number;
}

/**
 * The rows of CSV (RFC 4180) that comes in pieces: each record is the object of its cells, as text, by the names of the
 * first record. A record that is no such object (another number of cells, a quote where none may be, malformed UTF-8) is
 * addressed by its bytes, and so is every record where the names do not tell columns apart.
 */
export class CsvRows {
  readonly #digester: RowDigester;
  readonly #json = new JsonWriter();
  /** Null until the first record, empty where that names no columns. */
  #columns: readonly Column[] | null = null;
  #cells: Cell[] = [];
  /** The record begun, how many lines came before it, how many it has, and whether a quote is open in it. */
  #rest = new Uint8Array();
  #restBytes = 0;
  #linesBefore = 0;
  #lines = 0;
  #isQuoted = false;
  #isFirst = true;

  constructor(digester: RowDigester) {
    this.#digester = digester;
  }

  push(piece: Uint8Array): void {
    let start = 0;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] as number;
      if (byte === QUOTE) this.#isQuoted = !this.#isQuoted;
      if (byte !== LF) continue;
      this.#lines++;
      if (this.#isQuoted) continue;
      if (this.#restBytes === 0 && !this.#isFirst) {
        this.#record(piece, start, at);
      } else {
        this.#keep(piece.subarray(start, at));
        this.#endRest();
      }
      start = at + 1;
    }
    this.#keep(piece.subarray(start));
  }

  end(): void {
    if (this.#isQuoted) {
      throw new RowsError('malformed', `line ${this.#linesBefore + 1}: a quote is opened and never closed`);
    }
    if (this.#restBytes > 0) this.#endRest();
  }

  #endRest(): void {
    const from = this.#isFirst ? bomLength(this.#rest.subarray(0, this.#restBytes)) : 0;
    this.#isFirst = false;
    this.#record(this.#rest, from, this.#restBytes);
    this.#restBytes = 0;
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#restBytes + bytes.length;
    // A byte-order mark and a CR may come on top.
    if (length > limits.rowBytes + 4) throw lineTooLong(this.#linesBefore + 1);
    if (length > this.#rest.length) {
      const larger = new Uint8Array(Math.min(2 * length, limits.rowBytes + 4));
      larger.set(this.#rest.subarray(0, this.#restBytes));
      this.#rest = larger;
    }
    this.#rest.set(bytes, this.#restBytes);
    this.#restBytes = length;
  }

  /** One record, without the LF that ends it. An empty line is none. */
  #record(source: Uint8Array, from: number, stop: number): void {
    const end = stop > from && source[stop - 1] === CR ? stop - 1 : stop;
    if (end - from > limits.rowBytes) throw lineTooLong(this.#linesBefore + 1);
    this.#linesBefore += this.#lines;
    this.#lines = 0;
    if (end === from) return;
    const isWhole = splitCells(source, from, end, this.#cells);
    if (this.#columns === null) this.#columns = isWhole ? columnsOf(this.#cells.map(textOf)) : [];
    else if (!isWhole || !this.#writeRow()) this.#digester.addRaw(source.subarray(from, end));
  }

  #writeRow(): boolean {
    const [cells, columns, json] = [this.#cells, this.#columns ?? [], this.#json];
    if (columns.length === 0 || cells.length !== columns.length) return false;
    json.begin();
    for (const { key, cell } of columns) {
      json.bytes(key);
      const { source, from, end } = cells[cell] as Cell;
      json.string(source, from, end);
    }
    json.ascii('}');
    if (json.isRaw) return false;
    this.#digester.addLeaf(json.leaf());
    return true;
  }
}

/** The bytes of one cell, without its quotes. */
interface Cell {
  source: Uint8Array;
  from: number;
  end: number;
}

const textOf = ({ source, from, end }: Cell): string | null => fromUtf8(source.subarray(from, end));

/** The columns in canonical order; none where the names do not tell them apart, or JSON cannot carry them. */
function columnsOf(names: readonly (string | null)[]): Column[] {
  if (new Set(names).size !== names.length) return [];
  const named = names.flatMap((name, cell) => (name === null || name === '__proto__' ? [] : [{ name, cell }]));
  if (named.length !== names.length) return [];
  // RFC 8785 §3.2.3: by UTF-16 code units, which is how JavaScript compares text.
  const sorted = named.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map(({ name, cell }, i) => ({ key: utf8(`${i === 0 ? '{' : ','}${canonicalJson(name)}:`), cell }));
}

/** Splits a record into `cells`; false where it is not RFC 4180. */
function splitCells(source: Uint8Array, from: number, end: number, cells: Cell[]): boolean {
  cells.length = 0;
  for (let at = from; ; at++) {
    const isQuoted = at < end && source[at] === QUOTE;
    const stop = isQuoted ? closingQuote(source, at + 1, end) : endOfCell(source, at, end);
    if (stop < 0) return false;
    cells.push(isQuoted ? quotedCell(source, at + 1, stop) : { source, from: at, end: stop });
    at = isQuoted ? stop + 1 : stop;
    if (at >= end) return true;
    if (source[at] !== COMMA) return false;
  }
}

/** The comma after a cell without quotes, or the end; -1 where there is a quote in it. */
function endOfCell(source: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const byte = source[at] as number;
    if (byte === COMMA) return at;
    if (byte === QUOTE) return -1;
  }
  return end;
}

/** The quote that closes a cell, after every doubled one; -1 where there is none. */
function closingQuote(source: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    if (source[at] !== QUOTE) continue;
    if (at + 1 >= end || source[at + 1] !== QUOTE) return at;
    at++;
  }
  return -1;
}

function quotedCell(source: Uint8Array, from: number, end: number): Cell {
  const first = source.indexOf(QUOTE, from);
  if (first < 0 || first >= end) return { source, from, end };
  const cell = new Uint8Array(end - from);
  let length = 0;
  for (let at = from; at < end; at++) {
    cell[length++] = source[at] as number;
    if (source[at] === QUOTE) at++;
  }
  return { source: cell, from: 0, end: length };
}
