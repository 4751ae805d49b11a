import { limits } from '../../schemas/limits.ts';
import type { RowDigester } from './row-digester.ts';
import { placeLines } from './row-memory.ts';
import { RowsError } from './rows-error.ts';

const LF = 0x0a;
const CR = 0x0d;

/** Bytes of a byte-order mark, which is no part of a file's first row. */
export const bomLength = (start: Uint8Array): number =>
  start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 3 : 0;

/** So many bytes of lines are taken at a time, to stay in the processor's cache. */
const WINDOW = 64 * 1024;

/**
 * Digests the lines of `source[from, end)`; the last one need not be ended. Answers how many lines there are, blank ones
 * too; `line` is the number of lines before them, for what is said of a fault.
 */
export function digestLines(digester: RowDigester, source: Uint8Array, from: number, end: number, line = 0): number {
  let lines = 0;
  for (let start = from; start < end;) {
    const stop = windowEnd(source, start, end);
    const { memory, at } = placeLines(source, start, stop);
    lines += digestPlaced(digester, memory, at, at + stop - start, line + lines);
    start = stop;
  }
  return lines;
}

/** Where the last line ends that is within a window from `from`, or the first one. */
function windowEnd(source: Uint8Array, from: number, end: number): number {
  if (end - from <= WINDOW) return end;
  const last = source.lastIndexOf(LF, from + WINDOW - 1);
  const newline = last >= from ? last : source.indexOf(LF, from + WINDOW);
  return newline < 0 || newline >= end ? end : newline + 1;
}

function digestPlaced(digester: RowDigester, memory: Uint8Array, from: number, end: number, line: number): number {
  let lines = 0;
  for (let start = from; start < end; start++) {
    lines++;
    // Files of nothing but line ends are made to take time.
    if (memory[start] === LF) continue;
    let stop = digester.addFlatLine(memory, start, Math.min(end, start + limits.rowBytes + 1));
    if (stop < 0) {
      const newline = memory.indexOf(LF, start);
      stop = newline < 0 || newline > end ? end : newline;
      digestLine(digester, memory, start, stop, line + lines);
    }
    start = stop;
  }
  return lines;
}

/** One line, without its LF. A blank one is no row. */
function digestLine(digester: RowDigester, source: Uint8Array, from: number, stop: number, line: number): void {
  const end = stop > from && source[stop - 1] === CR ? stop - 1 : stop;
  if (end - from > limits.rowBytes) throw lineTooLong(line);
  if (!isBlank(source, from, end) && !digester.addJson(source, from, end)) throw lineTooLong(line);
}

/** Whether there is nothing but white space in `source[from, end)`. */
export function isBlank(source: Uint8Array, from: number, end: number): boolean {
  for (let i = from; i < end; i++) {
    const byte = source[i] as number;
    if (byte !== 0x20 && byte !== 0x09 && byte !== CR) return false;
  }
  return true;
}

export const lineTooLong = (line: number): RowsError =>
  new RowsError('row-too-long', `line ${line} is longer than ${limits.rowBytes} bytes`, line);

/** The rows of JSON lines that come in pieces (protocol.md §5). What a piece leaves unfinished waits for the next. */
export class JsonlRows {
  readonly #digester: RowDigester;
  #lines = 0;
  #isFirst = true;
  /** The line begun. */
  #rest = new Uint8Array();
  #restBytes = 0;

  constructor(digester: RowDigester) {
    this.#digester = digester;
  }

  push(piece: Uint8Array): void {
    const first = piece.indexOf(LF);
    if (first < 0) return this.#keep(piece);
    let from = 0;
    if (this.#restBytes > 0 || this.#isFirst) {
      this.#keep(piece.subarray(0, first + 1));
      this.#digestRest();
      from = first + 1;
    }
    const end = piece.lastIndexOf(LF) + 1;
    this.#lines += digestLines(this.#digester, piece, from, end, this.#lines);
    this.#keep(piece.subarray(end));
  }

  end(): void {
    if (this.#restBytes > 0) this.#digestRest();
  }

  #digestRest(): void {
    const from = this.#isFirst ? bomLength(this.#rest) : 0;
    this.#isFirst = false;
    this.#lines += digestLines(this.#digester, this.#rest, from, this.#restBytes, this.#lines);
    this.#restBytes = 0;
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#restBytes + bytes.length;
    // A byte-order mark and the line's end may come on top.
    if (length > limits.rowBytes + 5) throw lineTooLong(this.#lines + 1);
    if (length > this.#rest.length) {
      const larger = new Uint8Array(Math.min(2 * length, limits.rowBytes + 5));
      larger.set(this.#rest.subarray(0, this.#restBytes));
      this.#rest = larger;
    }
    this.#rest.set(bytes, this.#restBytes);
    this.#restBytes = length;
  }
}
