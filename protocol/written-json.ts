import { limits } from '../schemas/limits.ts';
import type { Json, JsonObject } from './json.ts';

/** How deep in a text objects are found again: a certificate's documents are three levels down. */
const FOUND_DEPTH = 3;
/** How many of them: more than a certificate of the most statements has. A Map throws where a hostile text has all it can. */
const MOST_FOUND = 2 ** 16;

/** A key that would set an object's prototype in many a reader. */
export const PROTO = '__proto__';

/** Whether canonical JSON carries this number: a double that is finite, and no integer of which only an approximation is left. */
export const isFaithful = (value: number): boolean =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21);

/**
 * A text read a second time, against the value that JSON.parse made of it. It costs a fraction of writing the value out again
 * to compare, and tells where its objects stand.
 */
export class WrittenJson {
  /**
   * Whether the value is I-JSON within our bounds, but for lone surrogates, JSON.stringify would write it just so, and no key
   * has an escape: then no key is there twice, none was misread, and no number was rounded.
   */
  readonly isAsWritten: boolean;
  readonly #text: string;
  readonly #places = new Map<Json, { start: number; end: number }>();
  #isInOrder = true;
  #at = 0;

  constructor(text: string, value: Json) {
    this.#text = text;
    this.isAsWritten = this.#passes(value, 0) && this.#at === text.length;
  }

  /** Whether the text is its own canonical form (RFC 8785). */
  get isCanonical(): boolean {
    return this.isAsWritten && this.#isInOrder;
  }

  /** The canonical form of an object of the value, where that is how it stands in the text. */
  canonicalOf(part: Json): string | null {
    const place = this.isCanonical ? this.#places.get(part) : undefined;
    return place === undefined ? null : this.#text.slice(place.start, place.end);
  }

  /** Whether a value stands here; if so, goes on behind it. */
  #passes(value: Json, depth: number): boolean {
    if (typeof value === 'string') return this.#passesString(value);
    if (typeof value === 'number') return isFaithful(value) && this.#passesText(String(value));
    if (value === null || typeof value !== 'object') return this.#passesText(String(value));
    if (depth > limits.jsonDepth) return false;
    if (Array.isArray(value)) return this.#passesItems(value, depth);
    const start = this.#at;
    if (!this.#passesMembers(value as JsonObject, depth)) return false;
    if (depth <= FOUND_DEPTH && this.#places.size < MOST_FOUND) this.#places.set(value, { start, end: this.#at });
    return true;
  }

  #passesItems(items: readonly Json[], depth: number): boolean {
    if (!this.#passesChar(BRACKET)) return false;
    for (let i = 0; i < items.length; i++) {
      if (i > 0 && !this.#passesChar(COMMA)) return false;
      if (!this.#passes(items[i] as Json, depth + 1)) return false;
    }
    return this.#passesChar(BRACKET_END);
  }

  #passesMembers(object: JsonObject, depth: number): boolean {
    if (!this.#passesChar(BRACE)) return false;
    let previous: string | null = null;
    for (const key of Object.keys(object)) {
      if (key === PROTO || (previous !== null && !this.#passesChar(COMMA))) return false;
      if (previous !== null && key < previous) this.#isInOrder = false;
      if (!this.#passesKey(key) || !this.#passesChar(COLON)) return false;
      if (!this.#passes(object[key] as Json, depth + 1)) return false;
      previous = key;
    }
    return this.#passesChar(BRACE_END);
  }

  /** One with escapes does not: JSON.parse may have taken it for another (json.ts). */
  #passesKey(key: string): boolean {
    const end = this.#at + 1 + key.length;
    const isPlain =
      this.#text.charCodeAt(this.#at) === QUOTE &&
      this.#text.charCodeAt(end) === QUOTE &&
      this.#text.charCodeAt(end - 1) !== BACKSLASH &&
      this.#text.startsWith(key, this.#at + 1);
    this.#at = end + 1;
    return isPlain;
  }

  /**
   * Keys are compared, and objects have as many as in the text: what stands here is what this string was read from. If it
   * ends at its first quote it is as long as the string only without escapes, and then it is the string.
   */
  #passesString(value: string): boolean {
    const end = this.#at + 1 + value.length;
    const isPlain =
      this.#text.charCodeAt(this.#at) === QUOTE &&
      this.#text.indexOf('"', this.#at + 1) === end &&
      this.#text.charCodeAt(end - 1) !== BACKSLASH;
    if (!isPlain) return this.#passesText(JSON.stringify(value));
    this.#at = end + 1;
    return true;
  }

  #passesText(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #passesChar(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
