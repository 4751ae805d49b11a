const QUOTE = 0x22;
const ZERO = 0x30;
const BACKSLASH = 0x5c;

/** Below this a loop copies faster than a call. */
const WORTH_A_CALL = 48;

const SHORT_CONTROLS: ReadonlyMap<number, number> = new Map([
  [0x08, 0x62],
  [0x09, 0x74],
  [0x0a, 0x6e],
  [0x0c, 0x66],
  [0x0d, 0x72],
]);

/** Canonical JSON that is written as bytes, at `to` in `out`. */
export abstract class JsonBytes {
  protected out: Uint8Array = new Uint8Array();
  protected to = 0;

  protected put(byte: number): void {
    this.out[this.to++] = byte;
  }

  protected copy(source: Uint8Array, from: number, end: number): void {
    copyBytes(source, from, end, this.out, this.to);
    this.to += end - from;
  }

  /** One character of a string (RFC 8785 §3.2.2.2): escaped only where it must be, then as briefly as can be; else UTF-8. */
  protected character(code: number): void {
    if (code < 0x20) {
      this.put(BACKSLASH);
      const short = SHORT_CONTROLS.get(code);
      if (short !== undefined) return this.put(short);
      for (const byte of [0x75, ZERO, ZERO, ZERO + (code >> 4)]) this.put(byte);
      return this.put('0123456789abcdef'.charCodeAt(code & 15));
    }
    if (code < 0x80) {
      if (code === QUOTE || code === BACKSLASH) this.put(BACKSLASH);
      return this.put(code);
    }
    if (code < 0x800) {
      this.put(0xc0 | (code >> 6));
    } else if (code < 0x10000) {
      this.put(0xe0 | (code >> 12));
      this.put(0x80 | ((code >> 6) & 0x3f));
    } else {
      this.put(0xf0 | (code >> 18));
      this.put(0x80 | ((code >> 12) & 0x3f));
      this.put(0x80 | ((code >> 6) & 0x3f));
    }
    this.put(0x80 | (code & 0x3f));
  }

  /** Writes the character that the escape at `at` says, in its canonical form; answers where the escape ends, or -1. */
  protected escape(source: Uint8Array, at: number, end: number): number {
    const kind = source[at + 1] as number;
    if (kind === 0x2f) {
      this.put(kind);
      return at + 2;
    }
    const unit = unitAt(source, at, end);
    if (unit < 0) return -1;
    if (unit < 0xd800 || unit > 0xdfff) {
      this.character(unit);
      return at + 6;
    }
    const low = unit < 0xdc00 ? unitAt(source, at + 6, end) : -1;
    if (low < 0xdc00 || low > 0xdfff) return -1;
    this.character(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
    return at + 12;
  }
}

export function copyBytes(source: Uint8Array, from: number, end: number, out: Uint8Array, to: number): void {
  if (end - from > WORTH_A_CALL) {
    if (source === out) out.copyWithin(to, from, end);
    else out.set(source.subarray(from, end), to);
  } else for (let i = from, o = to; i < end; i++, o++) out[o] = source[i] as number;
}

/** Bytes of the character at `at` where it is well-formed UTF-8 (Unicode 17, table 3-7) of two bytes or more, else 0. */
export function utf8Length(source: Uint8Array, at: number, end: number): number {
  const lead = source[at] as number;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > end) return 0;
  const second = source[at + 1] as number;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let i = 2; i < length; i++) if (((source[at + i] as number) & 0xc0) !== 0x80) return 0;
  return length;
}

/** The code unit of the `\uXXXX` at `at`, or -1. */
function unitAt(source: Uint8Array, at: number, end: number): number {
  if (at + 6 > end || source[at] !== BACKSLASH || source[at + 1] !== 0x75) return -1;
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const digit = hexDigit(source[i] as number);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/** Whether a backslash before this byte is canonical as it is: `"`, `\`, b, f, n, r, t. */
export function isShortEscape(byte: number | undefined): boolean {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true;
    default:
      return false;
  }
}

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= 0x39) return byte - ZERO;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
