import canonicalize from 'canonicalize';
import { limits } from '../schemas/limits.ts';
import { ok, refuse, type Result } from './result.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface JsonFault {
  code: 'invalid-json';
  /** What is wrong, and where. */
  detail: string;
}

/** RFC 8785 canonical form. Throws on what JSON cannot carry; values from {@link parseJson} never do. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('value has no JSON form');
  return text;
}

/**
 * Parses I-JSON (RFC 7493) from an untrusted source: no duplicate or `__proto__` keys, no lone surrogates, no number
 * that a double cannot carry, no deep nesting. Bound the text's length first.
 */
export function parseJson(text: string): Result<Json, JsonFault> {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    return fault(`not JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'syntax error'}`);
  }
  const bad = inspect(value, '', 0);
  if (bad !== null) return fault(bad);
  // A canonical text has no duplicate keys and only faithful numbers, so the scan is for the others alone.
  if (canonicalJson(value) === text) return ok(value);
  const unfaithful = scan(text);
  return unfaithful === null ? ok(value) : fault(unfaithful);
}

const fault = (detail: string): Result<never, JsonFault> => refuse({ code: 'invalid-json', detail });

function inspect(value: Json, path: string, depth: number): string | null {
  if (depth > limits.jsonDepth) return `nested deeper than ${limits.jsonDepth} at ${path}`;
  if (typeof value === 'string') return value.isWellFormed() ? null : `lone surrogate at ${path || '/'}`;
  if (typeof value === 'number') return isFaithful(value) ? null : `number too large at ${path || '/'}`;
  if (value === null || typeof value !== 'object') return null;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const bad = inspect(value[i] as Json, `${path}/${i}`, depth + 1);
      if (bad !== null) return bad;
    }
    return null;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return `key __proto__ at ${path || '/'}`;
    if (!key.isWellFormed()) return `lone surrogate in a key at ${path || '/'}`;
    const bad = inspect((value as JsonObject)[key] as Json, `${path}/${key}`, depth + 1);
    if (bad !== null) return bad;
  }
  return null;
}

const isFaithful = (value: number): boolean =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21);

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\]:,]/g;

/** Looks for what JSON.parse hides in valid JSON: a key given twice, a number it rounded. Returns the fault or null. */
function scan(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  let previous = '';
  let key: string | null = null;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && key !== null) {
      const keys = open.at(-1);
      if (keys?.has(key)) return `key ${JSON.stringify(key.slice(0, 80))} given twice`;
      keys?.add(key);
    } else if (token.startsWith('"')) {
      key = previous === '{' || previous === ',' ? (JSON.parse(token) as string) : null;
    } else if (/^[-\d]/.test(token) && isRounded(token)) {
      return `number ${token.slice(0, 40)} does not survive a round trip`;
    }
    previous = token;
  }
  return null;
}

/** Doubles carry 17 significant digits at most, and integers exactly to 2^53 − 1. */
function isRounded(literal: string): boolean {
  const value = Number(literal);
  const digits = literal.replace(/[eE].*$/, '').replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
  if (digits.length > 17) return true;
  return value === 0 && digits !== '';
}
