import type { Json } from '../../protocol/json.ts';
import { readLicence, type Mention } from '../../protocol/rights/import/licence.ts';
import { isObject, textsOf, Thing } from './json-ld.ts';

/** What a schema.org CreativeWork says of which licence it is. */
const NAMING = ['url', 'sameAs', 'identifier', 'name', 'alternateName', 'termCode'];

/**
 * All that one value says of which licence it means. A value that says nothing readable counts as having said so: it must
 * not vanish beside another.
 */
export function mentionIn(value: Json, dataset: Thing): Mention {
  const own = textsOf(value, dataset.context).map(({ text }) => text);
  if (own.length > 0) return [...new Set(own)];
  if (!isObject(value)) return [typeof value === 'object' ? '' : String(value)];
  const work = new Thing(value, '', dataset.context);
  const texts = (terms: readonly string[]): string[] =>
    terms
      .flatMap((term) => work.values(term).flatMap((said) => textsOf(said.value, work.context)))
      .map(({ text }) => text);
  const said = texts(NAMING);
  // Where a node has more to say, its name within the document may be any, but for that of a licence.
  const all = [...said, ...texts(['@id']).filter((id) => said.length === 0 || readLicence(id).ok)];
  return all.length === 0 ? [''] : [...new Set(all)];
}
