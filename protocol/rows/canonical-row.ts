import { limits } from '../../schemas/limits.ts';
import { faithfulNumber } from '../json.ts';
import { copyBytes, isShortEscape, JsonBytes, utf8Length } from './json-bytes.ts';
import { PlainBytes } from './plain-bytes.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** RFC 8259 §6. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Every integer of so many digits is a double of its own. */
const SAFE_DIGITS = 15;
/** Up to this many, members are sorted by insertion. */
const FEW = 16;
const PROTO = '__proto__';

/**
 * Writes the canonical form (RFC 8785) of one JSON text, bytes to bytes: without a string, a parsed value or an allocation
 * for what rows are usually made of. It either writes exactly what `canonicalJson` makes of what `parseJson` reads, or
 * gives up, for any reason: the text may then be unfaithful, malformed, or only unusual, and whoever asked parses it.
 *
 * One instance serves one row at a time; its input may be hostile.
 */
export class CanonicalRow extends JsonBytes {
  #source: Uint8Array = new Uint8Array();
  readonly #bytes = new PlainBytes();
  #at = 0;
  #end = 0;
  /** Where the output must have ended. */
  #room = 0;
  /** Whether the string read last is ASCII without escapes: then its bytes sort as its UTF-16 code units do (§3.2.3). */
  #isPlain = true;
  /** Of the objects being read, where each member begins in the output, and where its key ends. */
  readonly #starts: number[] = [];
  readonly #keyEnds: number[] = [];
  #scratch = new Uint8Array(4096);

  /**
   * Writes the canonical form of `source[from, end)` into `out` from `to` on, and answers where it ends there, or -1. `out`
   * needs room for the input's length and CANONICAL_SLACK bytes more: only numbers grow, and where they grow past
   * that it gives up. It may be the source itself, with that room before `from`.
   */
  write(source: Uint8Array, from: number, end: number, out: Uint8Array, to: number): number {
    this.#source = source;
    this.#bytes.read(source);
    this.#at = from;
    this.#end = end;
    this.out = out;
    this.to = to;
    this.#room = out === source ? from : out.length;
    this.#starts.length = 0;
    this.#keyEnds.length = 0;
    const isWhole = this.#value(0) && this.#next() === -1;
    return isWhole ? this.to : -1;
  }

  /** The next byte that is not white space, which stays unread; -1 at the end. */
  #next(): number {
    const source = this.#source;
    const end = this.#end;
    let at = this.#at;
    while (at < end) {
      const byte = source[at] as number;
      if (byte > 0x20 || !(byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)) {
        this.#at = at;
        return byte;
      }
      at++;
    }
    this.#at = at;
    return -1;
  }

  #value(depth: number): boolean {
    const byte = this.#next();
    if (byte === QUOTE) return this.#string();
    if (byte === MINUS || (byte >= ZERO && byte <= 0x39)) return this.#number();
    switch (byte) {
      case 0x7b:
        return depth <= limits.jsonDepth && this.#object(depth);
      case 0x5b:
        return depth <= limits.jsonDepth && this.#array(depth);
      case 0x74:
        return this.#word('true');
      case 0x66:
        return this.#word('false');
      case 0x6e:
        return this.#word('null');
      default:
        return false;
    }
  }

  #word(word: string): boolean {
    for (let i = 0; i < word.length; i++) {
      const code = word.charCodeAt(i);
      if (this.#at >= this.#end || this.#source[this.#at] !== code) return false;
      this.#at++;
      this.put(code);
    }
    return true;
  }

  #array(depth: number): boolean {
    this.#at++;
    this.put(0x5b);
    if (this.#next() !== 0x5d) {
      for (;;) {
        if (!this.#value(depth + 1)) return false;
        const byte = this.#next();
        if (byte === 0x5d) break;
        if (byte !== COMMA) return false;
        this.#at++;
        this.put(COMMA);
      }
    }
    this.#at++;
    this.put(0x5d);
    return true;
  }

  #object(depth: number): boolean {
    this.#at++;
    this.put(0x7b);
    const first = this.#starts.length;
    if (this.#next() !== 0x7d) {
      for (;;) {
        this.#starts.push(this.to);
        if (this.#next() !== QUOTE || !this.#string() || !this.#isPlain) return false;
        if (this.#isProto()) return false;
        this.#keyEnds.push(this.to);
        if (this.#next() !== COLON) return false;
        this.#at++;
        this.put(COLON);
        if (!this.#value(depth + 1)) return false;
        const byte = this.#next();
        if (byte === 0x7d) break;
        if (byte !== COMMA) return false;
        this.#at++;
        this.put(COMMA);
      }
      if (!this.#order(first)) return false;
    }
    this.#at++;
    this.put(0x7d);
    return true;
  }

  /** Whether the key written last is `__proto__`, which parseJson refuses. */
  #isProto(): boolean {
    const start = (this.#starts.at(-1) as number) + 1;
    if (this.to - start !== PROTO.length + 1 || this.out[start] !== 0x5f) return false;
    for (let i = 1; i < PROTO.length; i++) if (this.out[start + i] !== PROTO.charCodeAt(i)) return false;
    return true;
  }

  /** Puts the members of the object just read in order; false where a key stands twice. */
  #order(first: number): boolean {
    const count = this.#starts.length - first;
    let sorted = 1;
    while (sorted < count && this.#compare(first + sorted - 1, first + sorted) < 0) sorted++;
    const isDone = sorted === count || this.#rearrange(first, count);
    this.#starts.length = first;
    this.#keyEnds.length = first;
    return isDone;
  }

  #rearrange(first: number, count: number): boolean {
    const order = this.#sorted(first, count);
    for (let i = 1; i < count; i++) {
      if (this.#compare(order[i - 1] as number, order[i] as number) === 0) return false;
    }
    const start = this.#starts[first] as number;
    const length = this.to - start;
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(2 * length);
    this.#scratch.set(this.out.subarray(start, this.to));
    let to = start;
    for (let i = 0; i < count; i++) {
      const member = order[i] as number;
      // A comma stands between a member and the next, in the order in which they were read.
      const end = member === first + count - 1 ? this.to : (this.#starts[member + 1] as number) - 1;
      if (i > 0) this.out[to++] = COMMA;
      const from = (this.#starts[member] as number) - start;
      copyBytes(this.#scratch, from, end - start, this.out, to);
      to += end - start - from;
    }
    return true;
  }

  /** The indices of `count` members by their keys. */
  #sorted(first: number, count: number): number[] {
    if (count > FEW) return Array.from({ length: count }, (_, i) => first + i).sort((a, b) => this.#compare(a, b));
    const order: number[] = [];
    for (let i = 0; i < count; i++) {
      const member = first + i;
      let at = i;
      for (; at > 0 && this.#compare(order[at - 1] as number, member) > 0; at--) order[at] = order[at - 1] as number;
      order[at] = member;
    }
    return order;
  }

  #compare(a: number, b: number): number {
    const out = this.out;
    const [startA, startB] = [this.#starts[a] as number, this.#starts[b] as number];
    // Without their closing quotes, so that a prefix comes first.
    const [lengthA, lengthB] = [(this.#keyEnds[a] as number) - startA - 1, (this.#keyEnds[b] as number) - startB - 1];
    const shorter = Math.min(lengthA, lengthB);
    for (let i = 1; i < shorter; i++) {
      const difference = (out[startA + i] as number) - (out[startB + i] as number);
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }

  /** Copies a short integer as it is; lets the platform read and write any other number. */
  #number(): boolean {
    const source = this.#source;
    const start = this.#at;
    let at = start;
    if (source[at] === MINUS) at++;
    const first = at;
    while (at < this.#end && isDigit(source[at] as number)) at++;
    const follows = at < this.#end ? (source[at] as number) | 0x20 : 0;
    const digits = at - first;
    // Neither a fraction nor an exponent, and no zero in front or with a sign.
    if (follows !== 0x2e && follows !== 0x65 && digits > 0 && digits <= SAFE_DIGITS) {
      if (source[first] !== ZERO || (digits === 1 && first === start)) {
        this.#at = at;
        this.copy(source, start, at);
        return true;
      }
    }
    return this.#anyNumber(start);
  }

  #anyNumber(start: number): boolean {
    let literal = '';
    let at = start;
    // A longer one is not faithful.
    for (; at < this.#end && at - start <= 400; at++) {
      const byte = this.#source[at] as number;
      const isPart = isDigit(byte) || byte === MINUS || byte === 0x2b || byte === 0x2e || (byte | 0x20) === 0x65;
      if (!isPart) break;
      literal += String.fromCharCode(byte);
    }
    if (!NUMBER.test(literal)) return false;
    const value = faithfulNumber(literal);
    if (value === null) return false;
    const text = `${value}`;
    this.#at = at;
    if (this.to + text.length + (this.#end - at) > this.#room) return false;
    for (let i = 0; i < text.length; i++) this.put(text.charCodeAt(i));
    return true;
  }

  #string(): boolean {
    const source = this.#source;
    const end = this.#end;
    let at = this.#at + 1;
    /** From here on nothing is copied yet. */
    let start = this.#at;
    this.#isPlain = true;
    for (;;) {
      at = this.#bytes.skip(at, end);
      if (at >= end) return false;
      const byte = source[at] as number;
      if (byte === QUOTE) break;
      this.#isPlain = false;
      if (byte >= 0x80) {
        const length = utf8Length(source, at, end);
        if (length === 0) return false;
        at += length;
      } else if (byte !== BACKSLASH || at + 1 >= end) {
        return false;
      } else if (isShortEscape(source[at + 1])) {
        at += 2;
      } else {
        this.copy(source, start, at);
        at = this.escape(source, at, end);
        if (at < 0) return false;
        start = at;
      }
    }
    this.#at = at + 1;
    this.copy(source, start, at + 1);
    return true;
  }
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= 0x39;
