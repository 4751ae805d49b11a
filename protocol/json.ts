import canonicalize from 'canonicalize';
import { limits } from '../schemas/limits.ts';
import { ok, refuse, type Result } from './result.ts';
import { WrittenJson } from './written-json.ts';

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
  const read = readJson(text);
  return read.ok ? ok(read.value.value) : read;
}

/** A value that was parsed, and the canonical form of it and of what is in it. */
export interface CanonicalJson {
  value: Json;
  /** Of the value, or of anything in it: mostly a piece of the text itself, as what is signed is kept canonical. */
  canonicalOf(part: Json): string;
}

/** The same, with canonical forms. */
export function parseCanonicalJson(text: string): Result<CanonicalJson, JsonFault> {
  const read = readJson(text);
  if (!read.ok) return read;
  const { value, written } = read.value;
  return ok({ value, canonicalOf: (part) => written.canonicalOf(part) ?? canonicalJson(part) });
}

/** Tells beside the value how it stands in the text. */
function readJson(text: string): Result<{ value: Json; written: WrittenJson }, JsonFault> {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    return fault(`not JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'syntax error'}`);
  }
  const mayLackHalf = text.includes('\\u') || !text.isWellFormed();
  const bad = inspect(value, 0, mayLackHalf);
  // The path may hold a hostile key.
  if (bad !== null) return fault(`${bad.what} at ${bad.path.slice(0, 200) || '/'}`);
  const written = new WrittenJson(text, value);
  // What is written back as it was read has no duplicate keys and only faithful numbers: the scan is for the rest alone.
  const unfaithful = written.isAsWritten ? null : scan(text);
  return unfaithful === null ? ok({ value, written }) : fault(unfaithful);
}

const fault = (detail: string): Result<never, JsonFault> => refuse({ code: 'invalid-json', detail });

interface Unfaithful {
  what: string;
  path: string;
}

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
    if (key === '__proto__') return { what: 'key __proto__', path: '' };
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

/** Whether canonical JSON carries this number: a double that is finite, and no integer of which only an approximation is left. */
export const isFaithful = (value: number): boolean =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21);

/**
 * Looks for what JSON.parse hides in valid JSON: a key given twice, a number it rounded. Returns the fault or null. It
 * steps by hand: a regular expression would exhaust its stack on a hostile string of megabytes.
 */
function scan(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  let previous = '';
  let key: string | null = null;
  for (let at = 0; at < text.length;) {
    const char = text[at] as string;
    let end = at + 1;
    if (char === '{') open.push(new Set());
    else if (char === '[') open.push(null);
    else if (char === '}' || char === ']') open.pop();
    else if (char === ':' && key !== null) {
      const keys = open.at(-1);
      if (keys?.has(key)) return `key ${JSON.stringify(key.slice(0, 80))} given twice`;
      keys?.add(key);
    } else if (char === '"') {
      end = endOfString(text, at);
      key = previous === '{' || previous === ',' ? (JSON.parse(text.slice(at, end)) as string) : null;
    } else if (char === '-' || isDigit(char)) {
      while (end < text.length && /[\d.eE+-]/.test(text[end] as string)) end++;
      const literal = text.slice(at, end);
      if (isRounded(literal)) return `number ${literal.slice(0, 40)} does not survive a round trip`;
    } else if (char !== ',') {
      at = end;
      continue;
    }
    previous = char;
    at = end;
  }
  return null;
}

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
