import { copyBytes, isShortEscape, JsonBytes, utf8Length } from './json-bytes.ts';
import { PLAIN, PlainBytes } from './plain-bytes.ts';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Members of a line that is written here: as many as an integer has bits. */
const MOST = 32;
/** Every integer of so many digits is a double of its own. */
const SAFE_DIGITS = 15;

/**
 * Writes the canonical form (RFC 8785) of what most lines of JSON are: an object of strings, short integers, true, false
 * and null, in which nothing changes but the order of its members, the space between them, and how characters are escaped.
 * It looks at each byte once, at several together where it can, finds the line's end on the way, and copies. Anything else
 * it leaves to CanonicalRow.
 */
export class FlatLine extends JsonBytes {
  /** Where the line written last ends: at its LF. */
  end = 0;
  #source: Uint8Array = new Uint8Array();
  readonly #plain = new PlainBytes();
  #stop = 0;
  /** Of each member: where its key and its value begin and end in the source. */
  readonly #members = new Int32Array(4 * MOST);
  readonly #order = new Int32Array(MOST);
  /** A bit for each member whose value has escapes that may have to be others. */
  #escaped = 0;

  /**
   * Writes the line that begins at `from` in `source`, and ends before `stop`, into `out` from `to` on. Answers where it
   * ends there, or -1 where it is not one to be written here. It is no longer than it was. `out` may be the source itself,
   * with room before `from`.
   */
  write(source: Uint8Array, from: number, stop: number, out: Uint8Array, to: number): number {
    this.#source = source;
    this.#plain.read(source);
    this.#stop = stop;
    this.#escaped = 0;
    this.out = out;
    const count = this.#read(from);
    const room = (out === source ? from : out.length) - to;
    return count < 0 || !this.#sort(count) || room < this.end - from ? -1 : this.#emit(count, out, to);
  }

  /** Finds the members, and answers how many there are, or -1. */
  #read(from: number): number {
    const [source, members] = [this.#source, this.#members];
    let at = this.#space(from);
    if (source[at] !== OPEN) return -1;
    at = this.#space(at + 1);
    for (let count = 0; count < MOST; count++) {
      const member = 4 * count;
      members[member] = at;
      at = this.#key(at);
      if (at < 0) return -1;
      members[member + 1] = at;
      at = this.#space(at);
      if (source[at] !== COLON) return -1;
      at = this.#space(at + 1);
      members[member + 2] = at;
      at = this.#value(at, 1 << count);
      if (at < 0) return -1;
      members[member + 3] = at;
      at = this.#space(at);
      if (source[at] === CLOSE) return this.#ends(at + 1) ? count + 1 : -1;
      if (source[at] !== COMMA) return -1;
      at = this.#space(at + 1);
    }
    return -1;
  }

  /** Past white space, but not past the line's end. */
  #space(at: number): number {
    const source = this.#source;
    while (at < this.#stop && (source[at] === SPACE || source[at] === TAB)) at++;
    return at;
  }

  /** Whether only white space follows until the line's end. As nothing steps over an LF, all of it was before `stop`. */
  #ends(after: number): boolean {
    const at = this.#space(after);
    this.end = this.#source[at] === CR ? at + 1 : at;
    return this.end < this.#stop && this.#source[this.end] === LF;
  }

  /** The end of a key whose bytes sort as its UTF-16 code units do (§3.2.3): ASCII without escapes. And no `__proto__`. */
  #key(from: number): number {
    const source = this.#source;
    if (source[from] !== QUOTE || (source[from + 1] === UNDERSCORE && source[from + 2] === UNDERSCORE)) return -1;
    let at = from + 1;
    while (at < this.#stop && PLAIN[source[at] as number] === 1) at++;
    return source[at] === QUOTE ? at + 1 : -1;
  }

  #value(at: number, member: number): number {
    const byte = this.#source[at] as number;
    if (byte === QUOTE) return this.#string(at, member);
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) return this.#integer(at);
    if (byte === 0x74) return this.#word(at, 'true');
    if (byte === 0x66) return this.#word(at, 'false');
    return byte === 0x6e ? this.#word(at, 'null') : -1;
  }

  #word(at: number, word: string): number {
    for (let i = 0; i < word.length; i++) if (this.#source[at + i] !== word.charCodeAt(i)) return -1;
    return at + word.length;
  }

  #integer(from: number): number {
    const source = this.#source;
    const first = source[from] === MINUS ? from + 1 : from;
    let at = first;
    while (at < this.#stop && (source[at] as number) >= ZERO && (source[at] as number) <= NINE) at++;
    const digits = at - first;
    // No zero in front, nor with a sign.
    if (digits === 0 || digits > SAFE_DIGITS || (source[first] === ZERO && (digits > 1 || first > from))) return -1;
    const next = source[at] as number;
    return next === COMMA || next === CLOSE || next === SPACE ? at : -1;
  }

  /** The end of a string. Only its escapes may not be canonical. */
  #string(from: number, member: number): number {
    const [source, stop] = [this.#source, this.#stop];
    for (let at = from + 1; ;) {
      at = this.#plain.skip(at, stop);
      if (at >= stop) return -1;
      const byte = source[at] as number;
      if (byte === QUOTE) return at + 1;
      const length =
        byte >= 0x80 ? utf8Length(source, at, stop) : byte === BACKSLASH ? this.#escape(at + 1, member) : 0;
      if (length === 0) return -1;
      at += length;
    }
  }

  /** How many bytes of an escape to step over, whose second is at `at`; 0 where it is none. */
  #escape(at: number, member: number): number {
    const kind = this.#source[at];
    if (isShortEscape(kind)) return 2;
    if (kind !== 0x75 && kind !== SLASH) return 0;
    this.#escaped |= member;
    return 2;
  }

  /** Puts the members in order; false where a key stands twice. */
  #sort(count: number): boolean {
    const order = this.#order;
    for (let i = 0; i < count; i++) {
      let at = i;
      for (; at > 0; at--) {
        const difference = this.#compare(order[at - 1] as number, i);
        if (difference === 0) return false;
        if (difference < 0) break;
        order[at] = order[at - 1] as number;
      }
      order[at] = i;
    }
    return true;
  }

  #compare(a: number, b: number): number {
    const [source, members] = [this.#source, this.#members];
    const [fromA, fromB] = [members[4 * a] as number, members[4 * b] as number];
    // Without their closing quotes, so that a prefix comes first.
    const [lengthA, lengthB] = [(members[4 * a + 1] as number) - fromA - 1, (members[4 * b + 1] as number) - fromB - 1];
    const shorter = Math.min(lengthA, lengthB);
    for (let i = 1; i < shorter; i++) {
      const difference = (source[fromA + i] as number) - (source[fromB + i] as number);
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }

  #emit(count: number, out: Uint8Array, start: number): number {
    const [source, members, order] = [this.#source, this.#members, this.#order];
    let to = start;
    out[to++] = OPEN;
    for (let i = 0; i < count; i++) {
      const member = 4 * (order[i] as number);
      if (i > 0) out[to++] = COMMA;
      const [key, keyEnd] = [members[member] as number, members[member + 1] as number];
      copyBytes(source, key, keyEnd, out, to);
      to += keyEnd - key;
      out[to++] = COLON;
      const [value, end] = [members[member + 2] as number, members[member + 3] as number];
      if ((this.#escaped & (1 << (member >> 2))) === 0) {
        copyBytes(source, value, end, out, to);
        to += end - value;
      } else {
        to = this.#rewrite(value, end, to);
        if (to < 0) return -1;
      }
    }
    out[to++] = CLOSE;
    return to;
  }

  /** Writes a string with its escapes as they must be; answers where it ends there, or -1 where one of them is none. */
  #rewrite(from: number, end: number, to: number): number {
    const source = this.#source;
    this.to = to;
    let start = from;
    for (let at = from + 1; ;) {
      at = this.#plain.skip(at, end);
      if (at >= end) break;
      if (source[at] !== BACKSLASH) at++;
      else if (isShortEscape(source[at + 1])) at += 2;
      else {
        this.copy(source, start, at);
        start = at = this.escape(source, at, end);
        if (at < 0) return -1;
      }
    }
    this.copy(source, start, end);
    return this.to;
  }
}
