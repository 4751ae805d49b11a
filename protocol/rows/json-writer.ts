import { limits } from '../../schemas/limits.ts';
import { isFaithful } from '../written-json.ts';
import { JsonBytes, utf8Length } from './json-bytes.ts';
import { PLAIN } from './plain-bytes.ts';
import { RowsError } from './rows-error.ts';

const QUOTE = 0x22;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PADDING = 0x3d;

/**
 * Writes one row as canonical JSON from values that are not JSON: cells of CSV, columns of Parquet. What canonical JSON
 * cannot carry is written nevertheless, as exactly as text can be, and makes the row a raw one.
 */
export class JsonWriter extends JsonBytes {
  /** Whether the row holds what canonical JSON cannot carry. */
  isRaw = false;
  protected override out: Uint8Array = new Uint8Array(64 * 1024);
  #row = 0;

  /** Begins the next row. */
  begin(): void {
    this.to = 1;
    this.isRaw = false;
    this.#row++;
  }

  /** 0x00 (RFC 6962 §2.1) and the row, as {@link RowDigester.addLeaf} wants it. */
  leaf(): Uint8Array {
    if (this.to > limits.rowBytes + 1) throw this.#tooLong();
    return this.out.subarray(0, this.to);
  }

  /** Text that is JSON already: ASCII. */
  ascii(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.put(text.charCodeAt(i));
  }

  /** Bytes that are JSON already. */
  bytes(json: Uint8Array): void {
    this.#reserve(json.length);
    this.copy(json, 0, json.length);
  }

  /** A string, from its UTF-8; malformed bytes stay as they are. */
  string(source: Uint8Array, from = 0, end: number = source.length): void {
    // An escape takes six bytes at most.
    this.#reserve(6 * (end - from) + 2);
    this.put(QUOTE);
    for (let start = from, at = from; ;) {
      while (at < end && PLAIN[source[at] as number] === 1) at++;
      const byte = at < end ? (source[at] as number) : -1;
      if (byte >= 0x80) {
        const length = utf8Length(source, at, end);
        if (length === 0) this.isRaw = true;
        at += Math.max(length, 1);
        continue;
      }
      this.copy(source, start, at);
      if (byte < 0) break;
      this.character(byte);
      start = ++at;
    }
    this.put(QUOTE);
  }

  /** A string of base64 (RFC 4648 §4). */
  base64(source: Uint8Array): void {
    this.#reserve(4 * Math.ceil(source.length / 3) + 2);
    this.put(QUOTE);
    for (let at = 0; at < source.length; at += 3) {
      const left = source.length - at;
      const bits = ((source[at] ?? 0) << 16) | ((source[at + 1] ?? 0) << 8) | (source[at + 2] ?? 0);
      this.put(BASE64.charCodeAt(bits >> 18));
      this.put(BASE64.charCodeAt((bits >> 12) & 63));
      this.put(left > 1 ? BASE64.charCodeAt((bits >> 6) & 63) : PADDING);
      this.put(left > 2 ? BASE64.charCodeAt(bits & 63) : PADDING);
    }
    this.put(QUOTE);
  }

  number(value: number): void {
    if (!isFaithful(value)) this.isRaw = true;
    this.ascii(`${value}`);
  }

  integer(value: bigint): void {
    if (value > MAX_SAFE || value < -MAX_SAFE) this.isRaw = true;
    this.ascii(`${value}`);
  }

  #reserve(bytes: number): void {
    const needed = this.to + bytes;
    if (needed <= this.out.length) return;
    if (this.to > limits.rowBytes + 1 || bytes > 6 * limits.rowBytes + 2) throw this.#tooLong();
    const larger = new Uint8Array(2 * needed);
    larger.set(this.out.subarray(0, this.to));
    this.out = larger;
  }

  #tooLong(): RowsError {
    return new RowsError('row-too-long', `row ${this.#row} is longer than ${limits.rowBytes} bytes`);
  }
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
