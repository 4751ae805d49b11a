import { relative, resolve } from 'node:path';
import { DatasetRecordSubject } from '../../../schemas/dataset-record.ts';
import type { RightsRule } from '../../../schemas/rights-rule.ts';
import { parseJson } from '../../../protocol/json.ts';
import { AIPREF_LENGTH, readAipref, type ImportedRules } from '../../../protocol/rights/import/aipref.ts';
import { CAWG_BYTES, readCawg } from '../../../protocol/rights/import/cawg.ts';
import { finding, quoted, type Finding } from '../../../protocol/rights/import/finding.ts';
import { CROISSANT_BYTES, parseCroissant } from '../../import/croissant.ts';
import type { DeclaredFile } from '../../import/distribution.ts';
import type { Draft } from '../../import/draft.ts';
import { readText } from '../bounded-file.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { describe } from '../failure.ts';
import { compareFiles, type ComparedFile } from './compare-files.ts';

/** Where metadata and rights are imported from. */
export interface ImportOptions {
  croissant?: string;
  aipref?: string;
  cawg?: string;
}

/** One document that was read, and what became of each thing in it. */
export interface ImportedFrom {
  kind: 'croissant' | 'aipref' | 'cawg';
  /** The file, or the statement itself. */
  source: string;
  findings: Finding[];
  /** Of Croissant: the version that it names, and its files beside those at hand. */
  version?: string | null;
  files?: ComparedFile[];
  /** Whether the document lies among the files that it describes. */
  isContent?: boolean;
}

export interface Imported {
  draft: Draft;
  from: ImportedFrom[];
}

/** Reads what `init` is to import, before anything is asked or written. `given` are the fields that a flag fills. */
export async function readImports(
  cli: Cli,
  path: string | null,
  options: ImportOptions,
  given: ReadonlySet<string>,
): Promise<Imported> {
  const from: ImportedFrom[] = [];
  let fields: Draft = {};
  const stated: RightsRule[] = [];
  if (options.croissant !== undefined) {
    const { draft, ...read } = await readCroissantFile(cli, path, options.croissant, given);
    fields = draft;
    stated.push(...(draft.rules ?? []));
    from.push(read);
  }
  for (const [kind, read] of [['aipref', readPreferences] as const, ['cawg', readAssertion] as const]) {
    const said = options[kind];
    if (said === undefined) continue;
    const { source, rules, findings } = await read(said);
    stated.push(...rules);
    from.push({ kind, source, findings });
  }
  // The rules of all of them hold together.
  const rules = Rules.safeParse(stated);
  if (!rules.success) {
    throw new CliError('usage', `what is imported has too many rules for a record: ${rules.error.issues[0]?.message}`);
  }
  return { draft: { ...fields, ...(stated.length === 0 ? {} : { rules: rules.data }) }, from };
}

const Rules = DatasetRecordSubject.shape.rights.shape.rules.unwrap();

async function readCroissantFile(
  cli: Cli,
  path: string | null,
  file: string,
  given: ReadonlySet<string>,
): Promise<ImportedFrom & { draft: Draft }> {
  const read = parseCroissant(await readText(file, CROISSANT_BYTES), given);
  if (!read.ok) throw new CliError('invalid-file', `${file} ${read.reason}`);
  const { draft, findings, version, files } = read.value;
  const within = path === null ? '..' : relative(path, resolve(file));
  return {
    kind: 'croissant',
    source: file,
    version,
    draft,
    ...(await compared(cli, path, files, findings)),
    isContent: within !== '' && !within.startsWith('..'),
  };
}

/** What cannot be compared stops no import: publishing says of the same files what is wrong with them. */
async function compared(
  cli: Cli,
  path: string | null,
  declared: readonly DeclaredFile[],
  findings: Finding[],
): Promise<Pick<ImportedFrom, 'files' | 'findings'>> {
  if (path === null) return { findings };
  try {
    return { findings, files: await compareFiles(cli, path, declared) };
  } catch (error) {
    const reason = `is not compared with the files at hand: ${describe(error).message}`;
    return { findings: [...findings, finding('distribution', null, 'unusable', reason)] };
  }
}

/** A statement holds a `=`; what has none is a file that holds one, maybe as a header. */
async function readPreferences(said: string): Promise<ImportedRules & { source: string }> {
  const text = said.includes('=') ? said : await readText(said, AIPREF_LENGTH);
  const read = readAipref(text.replace(/^\ufeff?content-usage:/i, ''));
  if (!read.ok) throw new CliError('usage', `--aipref: ${quoted(said)} ${read.reason}`);
  return { ...read.value, source: said };
}

async function readAssertion(file: string): Promise<ImportedRules & { source: string }> {
  const parsed = parseJson((await readText(file, CAWG_BYTES)).replace(/^\ufeff/, ''));
  if (!parsed.ok) throw new CliError('invalid-file', `${file} is no assertion: ${parsed.reason.detail}`);
  const read = readCawg(parsed.value);
  if (!read.ok) throw new CliError('invalid-file', `${file} ${read.reason}`);
  return { ...read.value, source: file };
}
