import { parseJson, type Json, type JsonObject } from '../../protocol/json.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { quoted, shown, type Finding } from '../../protocol/rights/import/finding.ts';
import { readMentions } from '../../protocol/rights/import/licence.ts';
import { Drafting, type Draft } from './draft.ts';
import { readDistribution, type DeclaredFile } from './distribution.ts';
import { readField } from './fields.ts';
import { contextIn, isArray, isObject, Thing } from './json-ld.ts';
import { mentionIn } from './mention.ts';

/** What was read of Croissant metadata. */
export interface Croissant {
  /** `1.0`, as it says; null where it does not. */
  version: string | null;
  /** What a record can take of it. */
  draft: Draft;
  /** What became of each field. */
  findings: Finding[];
  files: DeclaredFile[];
  creators: number;
  /** The licences as they were written, cut where they are many or long. */
  licences: Json[];
}

/** Bytes of a Croissant file. Those of large hubs stay below 1 MB; some embed data. */
export const CROISSANT_BYTES = 8 * 1024 * 1024;

/** What a dataset should say of itself, and what follows where it does not. */
const EXPECTED: readonly (readonly [string, string])[] = [
  ['name', 'is absent'],
  ['description', 'is absent'],
  ['inLanguage', 'is absent: say it with --language'],
  ['creator', 'is absent; a record names nobody in any case'],
];

/** Licences that are shown. */
const LICENCES = 16;

/** Versions whose text was read for this. */
const KNOWN_VERSIONS = ['1.0', '1.1'];

/**
 * Reads Croissant metadata (mlcommons.org/croissant/1.1), which anybody may have written. The reason says why the text is
 * none; whatever else is amiss is a finding. Bound the text's size first. Fields that are `given` are not taken.
 */
export function parseCroissant(text: string, given?: ReadonlySet<string>): Result<Croissant, string> {
  const parsed = parseJson(text.replace(/^\ufeff/, ''));
  return parsed.ok ? readCroissant(parsed.value, given) : refuse(`is no Croissant: ${parsed.reason.detail}`);
}

/** The same of JSON that was parsed. */
export function readCroissant(value: Json, given?: ReadonlySet<string>): Result<Croissant, string> {
  const found = findDataset(value);
  if (!found.ok) return found;
  const { dataset, resolve } = found.value;
  const drafting = new Drafting(given);
  const version = versionOf(dataset);
  noteVersion(version, drafting);
  const licences = dataset.values('license').map(({ value }) => resolve(value));
  readLicences(licences, dataset, drafting);
  for (const term of dataset.terms) readField(term, dataset, drafting);
  for (const [term, reason] of EXPECTED) {
    if (dataset.written(term).length === 0) drafting.note(term, null, 'unusable', reason);
  }
  const files = readDistribution(dataset.values('distribution'), dataset, resolve, drafting);
  const creators = dataset.values('creator').length;
  const { draft, findings } = drafting.done();
  return ok({ version, draft, findings, files, creators, licences: licences.slice(0, LICENCES).map(shown) });
}

interface Found {
  dataset: Thing;
  /** What a reference to another node of the document stands for; else the value itself. */
  resolve: (value: Json) => Json;
}

/** The one dataset of a document: the document itself, or a node of its graph. */
function findDataset(value: Json): Result<Found, string> {
  const context = contextIn(isObject(value) ? value['@context'] : undefined);
  const graph = isArray(value) ? value : isObject(value) ? value['@graph'] : undefined;
  const nodes = isArray(graph) ? graph : isObject(graph) ? [graph] : [value];
  // What is beside a graph is a node of its own.
  const around = nodes[0] === value || isArray(value) ? [] : [value];
  const things = [...nodes, ...around].flatMap((node, i) =>
    isObject(node)
      ? [{ node, thing: new Thing(node, nodes.length === 1 || node === value ? '' : `@graph/${i}`, context) }]
      : [],
  );
  const datasets = things.filter(({ thing }) => thing.types.includes('Dataset') || versionOf(thing) !== null);
  const [first] = datasets;
  if (first === undefined) return refuse('is no Croissant: nothing in it is a schema.org Dataset');
  if (datasets.length > 1) return refuse(`describes ${datasets.length} datasets, and a record is of one`);
  const byId = new Map<string, JsonObject>();
  for (const { node } of things) {
    const id = node['@id'];
    if (typeof id !== 'string') continue;
    // JSON-LD 1.1 API §4.4 (flattening) makes one of the two.
    if (byId.has(id)) return refuse(`says what ${quoted(id)} is twice, and a thing is said at one place`);
    byId.set(id, node);
  }
  const resolve = (said: Json): Json => {
    const id = isObject(said) && Object.keys(said).length === 1 ? said['@id'] : undefined;
    return (typeof id === 'string' ? byId.get(id) : undefined) ?? said;
  };
  return ok({ dataset: first.thing, resolve });
}

function versionOf(dataset: Thing): string | null {
  for (const { value } of dataset.values('conformsTo')) {
    const id = isObject(value) ? (value['@id'] ?? value['@value']) : value;
    const [, version] = typeof id === 'string' ? (/mlcommons\.org\/croissant\/(\d+\.\d+)\/?$/.exec(id) ?? []) : [];
    if (version !== undefined) return version;
  }
  return null;
}

function noteVersion(version: string | null, drafting: Drafting): void {
  if (version === null) {
    drafting.note('conformsTo', null, 'unusable', 'names no version of Croissant; it was read as one all the same');
  } else if (!KNOWN_VERSIONS.includes(version)) {
    const read = `was read as Croissant ${KNOWN_VERSIONS.at(-1)}: what is new in it was not`;
    drafting.note('conformsTo', version, 'ambiguous', read);
  }
}

/** The one licence of a dataset. Whether two hold together or are offered for choice, Croissant has no word for. */
function readLicences(licences: readonly Json[], dataset: Thing, drafting: Drafting): void {
  const [written] = dataset.written('license');
  const said = { path: written?.path ?? 'license', value: licences.length > 1 ? licences : (licences[0] ?? null) };
  const read = readMentions(licences.map((licence) => mentionIn(licence, dataset)));
  if (read.ok) drafting.take('license', read.value, said, `as license: ${read.value}`);
  else drafting.note(said.path, said.value, read.reason.outcome, read.reason.reason);
}
