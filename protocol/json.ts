import canonicalize from 'canonicalize';
import { limits } from '../schemas/limits.ts';
import { ok, refuse, type Result } from './result.ts';
import { isFaithful, PROTO, WrittenJson } from './written-json.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface JsonFault {
  code: 'invalid-json';
  /** What is wrong, and where. */
  detail: string;
}

/** RFC 8785 canonical form. Throws on what JSON cannot carry; values from {@link parseJson} never do. */
export function canonicalJson(value: unknown): string {
  const text = isInOrder(value, 0) ? JSON.stringify(value) : canonicalize(value);
  if (text === undefined) throw new TypeError('value has no JSON form');
  return text;
}

/**
 * Parses I-JSON (RFC 7493) from an untrusted source: no duplicate or `__proto__` keys, no lone surrogates, no number
 * that a double cannot carry, no deep nesting. Bound the text's length first.
 */
export function parseJson(text: string): Result<Json, JsonFault> {
  const read = parseCanonicalJson(text);
  return read.ok ? ok(read.value.value) : read;
}

/** A value that was parsed, and the canonical form of it and of what is in it. */
export interface CanonicalJson {
  value: Json;
  /** Of the value, or of anything in it: mostly a piece of the text itself, as what is signed is kept canonical. */
  canonicalOf(part: Json): string;
  /** Whether the text is canonical itself, so that the value has its keys in order. */
  isCanonical: boolean;
}

/** The same, with canonical forms. */
export function parseCanonicalJson(text: string): Result<CanonicalJson, JsonFault> {
  const parsed = parseUnvetted(text);
  return parsed.ok ? parsed.value.vet() : parsed;
}

/** What JSON.parse takes, before anything else about it is known. */
export interface UnvettedJson {
  /** As JSON.parse has it: not even its keys are certain. */
  value: Json;
  /** Goes on as {@link parseCanonicalJson} does; the value may turn out to be another. */
  vet(): Result<CanonicalJson, JsonFault>;
}

/** The same in two steps, for those who have work for others to do meanwhile. */
export function parseUnvetted(text: string): Result<UnvettedJson, JsonFault> {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    return fault(`not JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'syntax error'}`);
  }
  return ok({
    value,
    vet: () => {
      const vetted = vetJson(text, value);
      if (!vetted.ok) return vetted;
      const { value: read, written } = vetted.value;
      const canonicalOf = (part: Json): string => written.canonicalOf(part) ?? canonicalJson(part);
      return ok({ value: read, canonicalOf, isCanonical: written.isCanonical });
    },
  });
}

/** Finds what I-JSON does not have and what JSON.parse misread, and how the value stands in the text. */
function vetJson(text: string, value: Json): Result<{ value: Json; written: WrittenJson }, JsonFault> {
  const mayLackHalf = text.includes('\\u') || !text.isWellFormed();
  const written = new WrittenJson(text, value);
  // What is written as we would write it has no fault but in its surrogates. The rest is looked at, and read by hand.
  if (written.isAsWritten && !mayLackHalf) return ok({ value, written });
  const bad = inspect(value, 0, mayLackHalf);
  if (bad !== null) return fault(detailOf(bad));
  if (written.isAsWritten) return ok({ value, written });
  const read = readByHand(text);
  if (!read.ok) return fault(read.reason);
  const hidden = inspect(read.value, 0, mayLackHalf);
  return hidden === null ? ok({ value: read.value, written }) : fault(detailOf(hidden));
}

const fault = (detail: string): Result<never, JsonFault> => refuse({ code: 'invalid-json', detail });

interface Unfaithful {
  what: string;
  path: string;
}

/** The path may hold a hostile key. */
const detailOf = ({ what, path }: Unfaithful): string => `${what} at ${path.slice(0, 200) || '/'}`;

/**
 * Whether a value is plain JSON with its members in order: all that RFC 8785 asks of it beyond what JSON.stringify does
 * (§3.2.2 takes strings and numbers from ECMAScript), which is several times faster.
 */
function isInOrder(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value !== 'object' || depth > limits.jsonDepth || 'toJSON' in value) return false;
  if (Array.isArray(value)) return value.every((item) => isInOrder(item, depth + 1));
  let previous = '';
  for (const key of Object.keys(value)) {
    if (key < previous || !key.isWellFormed() || !isInOrder((value as JsonObject)[key], depth + 1)) return false;
    previous = key;
  }
  return true;
}

/**
 * What JSON.parse accepts and I-JSON does not, and where; surrogates are looked at where the text may have one that lacks
 * its other half. The path is only made once there is something to say.
 */
function inspect(value: Json, depth: number, mayLackHalf: boolean): Unfaithful | null {
  if (typeof value === 'string') {
    return mayLackHalf && !value.isWellFormed() ? { what: 'lone surrogate', path: '' } : null;
  }
  if (typeof value === 'number') return isFaithful(value) ? null : { what: 'number too large', path: '' };
  if (value === null || typeof value !== 'object') return null;
  if (depth > limits.jsonDepth) return { what: `nested deeper than ${limits.jsonDepth}`, path: '' };
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const bad = inspect(value[i] as Json, depth + 1, mayLackHalf);
      if (bad !== null) return below(i, bad);
    }
    return null;
  }
  for (const key of Object.keys(value)) {
    if (key === PROTO) return { what: `key ${PROTO}`, path: '' };
    if (mayLackHalf && !key.isWellFormed()) return { what: 'lone surrogate in a key', path: '' };
    const bad = inspect((value as JsonObject)[key] as Json, depth + 1, mayLackHalf);
    if (bad !== null) return below(key, bad);
  }
  return null;
}

const below = (key: string | number, { what, path }: Unfaithful): Unfaithful => ({ what, path: `/${key}${path}` });

/** The number that a JSON literal says, or null where a double cannot carry it faithfully. */
export function faithfulNumber(literal: string): number | null {
  const value = Number(literal);
  return isFaithful(value) && !isRounded(literal) ? value : null;
}

/** An object or array that is not closed yet, and the key that waits for its value. */
type Open = { value: Json[]; key: null } | { value: Record<string, Json>; key: string | null };

/**
 * Reads valid JSON anew, for what JSON.parse hides and gets wrong; or answers the fault. It hides that a key is given twice,
 * and that it rounded a number. And V8 since 12.8 takes a key with an escape for another one, of an object that it parsed
 * before, whose characters its text begins with: "\n" becomes "\\" (chromium 521080746). It goes by hand: a regular
 * expression would exhaust its stack on a hostile string of megabytes.
 */
function readByHand(text: string): Result<Json, string> {
  const root: Json[] = [];
  const open: Open[] = [{ value: root, key: null }];
  for (let at = 0; at < text.length;) {
    const char = text[at] as string;
    const within = open.at(-1) as Open;
    let end = at + 1;
    if (char === '{' || char === '[') {
      const begun: Open = char === '{' ? { value: {}, key: null } : { value: [], key: null };
      put(begun.value, within);
      open.push(begun);
    } else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      end = endOfString(text, at);
      const string = stringOf(text.slice(at, end));
      if (Array.isArray(within.value) || within.key !== null) put(string, within);
      else {
        if (string === PROTO) return refuse(`key ${PROTO}`);
        if (Object.hasOwn(within.value, string))
          return refuse(`key ${JSON.stringify(string.slice(0, 80))} given twice`);
        within.key = string;
      }
    } else if (char === '-' || isDigit(char)) {
      while (end < text.length && /[\d.eE+-]/.test(text[end] as string)) end++;
      const literal = text.slice(at, end);
      if (isRounded(literal)) return refuse(`number ${literal.slice(0, 40)} does not survive a round trip`);
      put(Number(literal), within);
    } else if (WORDS.has(char)) {
      put(WORDS.get(char) as Json, within);
      end = at + (char === 'f' ? 5 : 4);
    }
    at = end;
  }
  return ok(root[0] as Json);
}

const WORDS: ReadonlyMap<string, Json> = new Map([
  ['t', true],
  ['f', false],
  ['n', null],
]);

function put(value: Json, within: Open): void {
  if (Array.isArray(within.value)) within.value.push(value);
  else within.value[within.key as string] = value;
  within.key = null;
}

/** Text of its own is no key, and read rightly. */
const stringOf = (literal: string): string =>
  literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);

const isDigit = (char: string): boolean => char >= '0' && char <= '9';

/** The index after the closing quote of the string that opens at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** Doubles carry 17 significant digits at most, and integers exactly to 2^53 − 1. */
function isRounded(literal: string): boolean {
  // No faithful literal is so long, and what follows is quadratic.
  if (literal.length > 400) return true;
  const value = Number(literal);
  const digits = literal
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
  if (digits.length > 17) return true;
  return value === 0 && digits !== '';
}
