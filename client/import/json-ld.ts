import type { Json, JsonObject } from '../../protocol/json.ts';

// JSON-LD as it is written in practice, read as plain JSON: prefixes, aliases and full IRIs of a context that is in the
// document. A context by URL is not fetched; whatever it may define, the usual names are taken to mean the usual things.

const SCHEMA_ORG = 'http://schema.org/';
const NOTHING = 'null:';

/** Namespaces, and the prefixes of their terms here; what is schema.org's or Croissant's own goes without. */
const NAMESPACES: readonly (readonly [string, string])[] = [
  ['http://schema.org/', ''],
  ['https://schema.org/', ''],
  ['http://www.schema.org/', ''],
  ['https://www.schema.org/', ''],
  ['http://mlcommons.org/croissant/RAI/', 'rai:'],
  ['https://mlcommons.org/croissant/RAI/', 'rai:'],
  ['http://mlcommons.org/croissant/', ''],
  ['https://mlcommons.org/croissant/', ''],
  ['http://purl.org/dc/terms/', 'dct:'],
  ['http://www.w3.org/ns/odrl/2/', 'odrl:'],
  ['http://www.w3.org/ns/prov#', 'prov:'],
  ['http://www.w3.org/ns/tdmrep#', 'tdm:'],
  ['http://creativecommons.org/ns#', 'cc:'],
  ['http://purl.obolibrary.org/obo/DUO_', 'duo:'],
  ['urn:firsthand:rights:v1:', 'fh:'],
];

/** Terms of other vocabularies that Croissant has for its own, or that mean the same. */
const SAME: ReadonlyMap<string, string> = new Map([
  ['dct:conformsTo', 'conformsTo'],
  ['dct:license', 'license'],
]);

const PREFIXES: readonly (readonly [string, string])[] = [
  ['sc', SCHEMA_ORG],
  ['schema', SCHEMA_ORG],
  ['cr', 'http://mlcommons.org/croissant/'],
  ['rai', 'http://mlcommons.org/croissant/RAI/'],
  ['dct', 'http://purl.org/dc/terms/'],
  ['odrl', 'http://www.w3.org/ns/odrl/2/'],
  ['prov', 'http://www.w3.org/ns/prov#'],
  ['tdm', 'http://www.w3.org/ns/tdmrep#'],
  ['cc', 'http://creativecommons.org/ns#'],
  ['duo', 'http://purl.obolibrary.org/obo/DUO_'],
  ['fh', 'urn:firsthand:rights:v1:'],
];

/** What the words of a document mean: those of an object, else those of the one around it. */
export interface Context {
  readonly own: ReadonlyMap<string, string>;
  readonly outer: Context | null;
  readonly vocabulary: string;
  /** The language of texts that name none. */
  readonly language: string | null;
}

const NO_CONTEXT: Context = { own: new Map(PREFIXES), outer: null, vocabulary: SCHEMA_ORG, language: null };

/** A value of a document, and where it is. */
export interface Said {
  readonly path: string;
  readonly value: Json;
}

/** The context of an object inside another. Attacker-controlled: keys are looked up in maps only. */
export function contextIn(value: Json | undefined, outer: Context = NO_CONTEXT): Context {
  const contexts = (isArray(value) ? value : [value]).filter(isObject);
  if (contexts.length === 0) return outer;
  const own = new Map<string, string>();
  let { vocabulary, language } = outer;
  for (const context of contexts) {
    for (const [word, definition] of Object.entries(context)) {
      const iri = isObject(definition) ? definition['@id'] : definition;
      // JSON-LD 1.1 §9.3: a word that is defined as null means nothing.
      if (iri === null) own.set(word, NOTHING);
      else if (typeof iri === 'string' && !word.startsWith('@')) own.set(word, iri);
    }
    const { '@vocab': vocab, '@language': tag } = context;
    if (typeof vocab === 'string' && vocab !== '') vocabulary = vocab;
    if (typeof tag === 'string') language = tag.toLowerCase();
  }
  return { own, outer, vocabulary, language };
}

function definitionOf(word: string, context: Context): string | undefined {
  for (let at: Context | null = context; at !== null; at = at.outer) {
    const definition = at.own.get(word);
    if (definition !== undefined) return definition;
  }
  return undefined;
}

/** The name of a term in {@link NAMESPACES}, however it was written: `sc:name`, `name`, `http://schema.org/name` are `name`. */
function termOf(word: string, context: Context): string {
  if (word.startsWith('@')) return word;
  const iri = expand(word, context);
  for (const [namespace, prefix] of NAMESPACES) {
    if (!iri.startsWith(namespace)) continue;
    const term = `${prefix}${iri.slice(namespace.length)}`;
    return SAME.get(term) ?? term;
  }
  return iri;
}

function expand(word: string, context: Context): string {
  // A definition may use a prefix; one that leads to another definition is not followed.
  const written = definitionOf(word, context) ?? word;
  const colon = written.indexOf(':');
  if (colon < 0) return `${context.vocabulary}${written}`;
  const [prefix, name] = [written.slice(0, colon), written.slice(colon + 1)];
  return name.startsWith('//') ? written : `${definitionOf(prefix, context) ?? `${prefix}:`}${name}`;
}

/** An object of a document, whose members are found by what they mean. */
export class Thing {
  readonly path: string;
  readonly context: Context;
  readonly #members: ReadonlyMap<string, readonly Said[]>;

  constructor(object: JsonObject, path: string, outer: Context) {
    this.path = path;
    this.context = contextIn(object['@context'], outer);
    const members = new Map<string, Said[]>();
    for (const [key, value] of Object.entries(object)) {
      const term = termOf(key, this.context);
      const said = members.get(term) ?? [];
      said.push({ path: below(path, key), value });
      members.set(term, said);
    }
    this.#members = members;
  }

  get terms(): Iterable<string> {
    return this.#members.keys();
  }

  /** A member as it was written; a term that was written in several ways is several. */
  written(term: string): readonly Said[] {
    return this.#members.get(term) ?? [];
  }

  /** All values of a member: lists and sets are one value after the other. */
  values(term: string): Said[] {
    return this.written(term).flatMap(flatten);
  }

  /** The types that it says, as terms. */
  get types(): string[] {
    return this.values('@type').flatMap(({ value }) =>
      typeof value === 'string' ? [termOf(value, this.context)] : [],
    );
  }

  /** The term that a value refers to: `odrl:eq`, `{ "@id": "odrl:eq" }`. Null where it is no reference. */
  reference(value: Json): string | null {
    const id = isObject(value) ? value['@id'] : value;
    return typeof id === 'string' ? termOf(id, this.context) : null;
  }
}

function flatten({ path, value }: Said): Said[] {
  if (isArray(value)) return value.flatMap((item, i) => flatten({ path: below(path, String(i)), value: item }));
  const list = isObject(value) ? (value['@set'] ?? value['@list']) : undefined;
  return list === undefined ? (value === null ? [] : [{ path, value }]) : flatten({ path, value: list });
}

const below = (path: string, key: string): string => (path === '' ? key : `${path}/${key}`);

/** A text, and its language where that was said. */
export interface Text {
  readonly text: string;
  readonly language: string | null;
}

/** The texts that a value is: a string, a value object, or a map of languages. Empty where it is something else. */
export function textsOf(value: Json, { language }: Context): Text[] {
  if (typeof value === 'string') return [{ text: value, language }];
  if (!isObject(value)) return [];
  const own = value['@value'];
  if (own !== undefined) {
    const tag = value['@language'];
    return typeof own === 'string'
      ? [{ text: own, language: typeof tag === 'string' ? tag.toLowerCase() : language }]
      : [];
  }
  const entries = Object.entries(value);
  return entries.every(
    ([tag, text]) => /^(?!url$)(?:[a-z]{2,3}(?:-[a-z0-9]{2,8})*|@none)$/i.test(tag) && typeof text === 'string',
  )
    ? entries.map(([tag, text]) => ({ text: text as string, language: tag === '@none' ? null : tag.toLowerCase() }))
    : [];
}

export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
