import type { Json } from '../../protocol/json.ts';
import { readOffers } from './odrl.ts';
import type { Drafting } from './draft.ts';
import { isObject, textsOf, type Said, type Text, type Thing } from './json-ld.ts';
import { verdictOn } from './unread-terms.ts';

/** Items of one list that are looked at: a record takes far fewer. */
const ITEMS = 256;

/** Reads one field of a dataset. Licence and distribution are read apart: they need the whole document. */
export function readField(term: string, dataset: Thing, drafting: Drafting): void {
  switch (term) {
    case 'license':
    case 'distribution':
      return;
    case 'name':
    case 'description':
    case 'version':
    case 'taskType':
      return readSingle(term, dataset, drafting);
    case 'keywords':
      return readItems(keywordsIn(dataset), 'keywords', drafting);
    case 'inLanguage':
      return readItems(
        dataset.values(term).map((said) => ({ said, text: languageIn(said.value, dataset) })),
        'language',
        drafting,
      );
    case 'about':
      return readItems(
        dataset.values(term).map((said) => ({ said, text: nameIn(said.value, dataset) })),
        'domain',
        drafting,
      );
    case 'usageInfo': {
      const { rules, findings } = readOffers(dataset.values(term), dataset);
      return drafting.takeRules(rules, findings);
    }
    default: {
      const { outcome, reason } = verdictOn(term);
      for (const { path, value } of dataset.written(term)) drafting.note(path, value, outcome, reason);
    }
  }
}

/** A field that has one value, in the language of the document where it is given in several. */
function readSingle(term: 'name' | 'description' | 'version' | 'taskType', dataset: Thing, drafting: Drafting): void {
  const values = dataset.values(term);
  const [first] = values;
  if (first === undefined) return drafting.note(dataset.written(term)[0]?.path ?? term, null, 'unusable', 'is empty');
  const said = { path: first.path, value: values.length > 1 ? values.map(({ value }) => value) : first.value };
  const texts = values.flatMap(({ value }) =>
    term === 'version' ? textsOrNumbers(value, dataset) : textsOf(value, dataset.context),
  );
  const text = oneOf(texts, dataset.context.language);
  if (texts.length === 0) return drafting.note(said.path, said.value, 'unusable', 'is no text');
  if (text === null) {
    return drafting.note(said.path, said.value, 'ambiguous', 'gives several values where one is expected');
  }
  if (/^(?:none|null|n\/a)?$/i.test(text.trim())) {
    return drafting.note(said.path, said.value, 'unusable', 'says nothing');
  }
  // Line ends of another system are the same text.
  drafting.take(term, text.replace(/\r\n?/g, '\n'), said);
}

const textsOrNumbers = (value: Json, dataset: Thing): Text[] =>
  typeof value === 'number' ? [{ text: String(value), language: null }] : textsOf(value, dataset.context);

function oneOf(texts: readonly Text[], language: string | null): string | null {
  const distinct = (some: readonly Text[]): string[] => [...new Set(some.map(({ text }) => text))];
  const all = distinct(texts);
  const own =
    all.length === 1 || language === null ? all : distinct(texts.filter((text) => text.language === language));
  return own.length === 1 ? (own[0] as string) : null;
}

interface Item {
  said: Said;
  text: string | null;
}

function readItems(items: readonly Item[], field: 'keywords' | 'language' | 'domain', drafting: Drafting): void {
  for (const { said, text } of items.slice(0, ITEMS)) {
    if (text === null || text === '') {
      drafting.note(said.path, said.value, 'unusable', 'is no text, nor a term with a name');
    } else {
      drafting.takeItem(field, text, said);
    }
  }
  const next = items[ITEMS];
  if (next !== undefined) {
    const more = `${items.length - ITEMS} more values were not looked at`;
    drafting.note(next.said.path, null, 'unusable', more);
  }
}

/** One text on its own may be a list with commas, as schema.org has it. */
function keywordsIn(dataset: Thing): Item[] {
  const values = dataset.values('keywords');
  const [only] = values;
  if (values.length !== 1 || typeof only?.value !== 'string') {
    return values.map((said) => ({ said, text: nameIn(said.value, dataset) }));
  }
  const { path, value } = only;
  return value.split(',').map((part) => ({ said: { path, value: part.trim() }, text: part.trim() }));
}

/** A text, or the name of a DefinedTerm. */
function nameIn(value: Json, dataset: Thing): string | null {
  const text = oneOf(textsOf(value, dataset.context), dataset.context.language);
  if (text !== null || !isObject(value)) return text?.trim() ?? null;
  return oneOf(textsOf(value['name'] ?? null, dataset.context), dataset.context.language)?.trim() ?? null;
}

/** A BCP 47 tag as it is usually written (RFC 5646 §2.1.1: case carries no meaning); of a Language, its alternateName. */
function languageIn(value: Json, dataset: Thing): string | null {
  const tag = isObject(value) ? (value['alternateName'] ?? value['name'] ?? null) : value;
  const text = oneOf(textsOf(tag, dataset.context), dataset.context.language);
  try {
    return text === null ? null : (Intl.getCanonicalLocales(text.trim())[0] ?? text);
  } catch {
    return text;
  }
}
