import type { Digest } from '../../schemas/primitives.ts';
import type { Json } from '../../protocol/json.ts';
import { pathFault } from '../../protocol/path.ts';
import type { Drafting } from './draft.ts';
import { isObject, textsOf, Thing, type Said } from './json-ld.ts';

/** One file of a dataset, as its metadata tells of it. */
export interface DeclaredFile {
  /** Where in the document. */
  path: string;
  name: string;
  /** Null where there is none that is one. */
  sha256: Digest | null;
  /** It is part of another file, whose digest covers it. */
  isContained: boolean;
  /** Something stands where the digest should. */
  isDigestInvalid: boolean;
  /** Where it may lie: paths, then bare file names. They are compared with names that are there, and never opened. */
  paths: readonly string[];
  basenames: readonly string[];
}

/** Files that are compared. */
const FILES = 100_000;

/** Reads the FileObjects of a distribution (Croissant 1.1, Resources). What is in an archive lies in no folder. */
export function readDistribution(
  said: readonly Said[],
  dataset: Thing,
  resolve: (value: Json) => Json,
  drafting: Drafting,
): DeclaredFile[] {
  const files: DeclaredFile[] = [];
  for (const { path, value } of said) {
    const target = resolve(value);
    if (!isObject(target)) {
      drafting.note(path, value, 'unusable', 'is no FileObject or FileSet');
      continue;
    }
    const file = new Thing(target, path, dataset.context);
    noteTerms(file, drafting);
    if (!file.types.includes('FileObject')) continue;
    if (files.length === FILES) {
      drafting.note(path, null, 'unusable', `files past ${FILES} are not compared`);
      break;
    }
    files.push(readFile(file, drafting));
  }
  return files;
}

/** Terms of one file are not those of a whole record. */
function noteTerms(file: Thing, drafting: Drafting): void {
  for (const term of ['license', 'usageInfo', 'prov:wasDerivedFrom']) {
    for (const { path, value } of file.values(term)) {
      drafting.note(path, value, 'ambiguous', 'is said of one file, and a record says one thing of all its files');
    }
  }
}

function readFile(file: Thing, drafting: Drafting): DeclaredFile {
  const text = (term: string): string | null =>
    file.values(term).flatMap(({ value }) => textsOf(value, file.context))[0]?.text ?? null;
  const [url, name] = [text('contentUrl'), text('name')];
  const id = text('@id');
  const [said] = file.values('sha256');
  const sha256 = said === undefined ? null : digestIn(said.value);
  const isContained = file.values('containedIn').length > 0;
  if (said === undefined && !isContained) {
    const md5 = file.values('md5').length > 0 ? '; an md5 proves nothing' : '';
    drafting.note(`${file.path}/sha256`, null, 'unusable', `is absent${md5}`);
  } else if (said !== undefined && sha256 === null) {
    drafting.note(said.path, said.value, 'unusable', 'is no SHA-256, which has 64 hex digits');
  }
  const address = url === null ? null : pathIn(url);
  return {
    path: file.path,
    name: name ?? id ?? url ?? file.path,
    sha256,
    isContained,
    isDigestInvalid: said !== undefined && sha256 === null,
    paths: isContained ? [] : valid([address?.isRelative === true ? address.path : null, name, id]),
    basenames: isContained
      ? []
      : valid([address?.path.split('/').at(-1) ?? null, name, id]).filter((path) => !path.includes('/')),
  };
}

/** Hex of either case, with or without the name of the algorithm. */
function digestIn(value: Json): Digest | null {
  if (typeof value !== 'string') return null;
  const [, hex] = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(value.trim()) ?? [];
  return hex === undefined ? null : (`sha256:${hex.toLowerCase()}` as Digest);
}

/** The path of a URL, which is not fetched; of a relative one, it is where the file lies. */
function pathIn(url: string): { path: string; isRelative: boolean } | null {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) return { path: url.replace(/^(?:\.\/)+/, ''), isRelative: true };
  const parsed = URL.parse(url);
  if (parsed === null) return null;
  try {
    return { path: decodeURIComponent(parsed.pathname).replace(/^\/+/, ''), isRelative: false };
  } catch {
    return null;
  }
}

/** Those that a file in a folder can have: relative, without `..`. */
const valid = (paths: readonly (string | null)[]): string[] => [
  ...new Set(paths.filter((path): path is string => path !== null && pathFault(path) === null)),
];

/** The file there that a declared one is: by its path, else by a name that only one has. Null where there is none. */
export function findFile<F extends { path: string }>(declared: DeclaredFile, index: FileIndex<F>): F | null {
  for (const path of declared.paths) {
    const file = index.byPath.get(path);
    if (file !== undefined) return file;
  }
  for (const name of declared.basenames) {
    const files = index.byName.get(name) ?? [];
    if (files.length === 1) return files[0] as F;
  }
  return null;
}

/** Files that are there, by path and by name. */
export interface FileIndex<F> {
  byPath: ReadonlyMap<string, F>;
  byName: ReadonlyMap<string, readonly F[]>;
}

export const indexFiles = <F extends { path: string }>(files: readonly F[]): FileIndex<F> => ({
  byPath: new Map(files.map((file) => [file.path, file])),
  byName: Map.groupBy(files, ({ path }) => path.slice(path.lastIndexOf('/') + 1)),
});
