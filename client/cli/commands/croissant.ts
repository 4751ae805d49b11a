import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Json } from '../../../protocol/json.ts';
import { CROISSANT_BYTES, parseCroissant, type Croissant } from '../../import/croissant.ts';
import { readText } from '../bounded-file.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { kindOfPath } from '../dataset-folder.ts';
import { describe, exitCodeOf } from '../failure.ts';
import { sanitizeLine, table, text } from '../terminal.ts';

/** Files of one run. */
const FILES = 10_000;

/** One file, and what it says and lacks; or why it is no Croissant. */
type Row = { file: string; error: string } | Summary;

interface Summary {
  file: string;
  name: string | null;
  version: string | null;
  /** As written, and as read: null where it is ambiguous or says nothing. */
  licence: { found: Json[]; read: string | null };
  /** Of the files that lie in no archive, whose digest covers them. */
  sha256: { valid: number; total: number };
  creators: number;
  language: string[];
  missing: string[];
}

/** A line for each file. Answers the exit code: 0 where all are Croissant. */
export async function croissant(cli: Cli, paths: readonly string[]): Promise<number> {
  const files = (await Promise.all(paths.map(jsonFiles))).flat();
  if (files.length > FILES)
    throw new CliError('usage', `there are more than ${FILES} JSON files`, 'name fewer folders');
  if (files.length === 0) throw new CliError('not-found', `there are no JSON files in ${paths.join(', ')}`);
  const rows: Row[] = [];
  for (const file of files) rows.push(await summarise(file));
  const totals = totalsOf(rows);
  const [folder] = paths.length === 1 && files[0] !== paths[0] ? paths : [];
  const lines = rows.map((row) => lineOf(row, folder));
  cli.out.result({ files: rows, totals }, () => text`${table([HEAD, ...lines]).join('\n')}\n${inWords(totals)}`);
  return totals.croissant === totals.files ? 0 : exitCodeOf('invalid-file');
}

/** The JSON files below a folder, in order; links are not followed. A file is taken whatever its name. */
async function jsonFiles(path: string): Promise<string[]> {
  const kind = await kindOfPath(path);
  if (kind === 'nothing') throw new CliError('not-found', `no such file or folder: ${path}`);
  if (kind === 'file') return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && /\.json(?:ld)?$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/(?:^|\/)(?:\.[^./][^/]*|node_modules)\//.test(file.slice(path.length)))
    .sort();
}

async function summarise(file: string): Promise<Row> {
  try {
    const read = parseCroissant(await readText(file, CROISSANT_BYTES));
    return read.ok ? summaryOf(file, read.value) : { file, error: read.reason };
  } catch (error) {
    return { file, error: describe(error).message.replace(`${file} `, '') };
  }
}

function summaryOf(file: string, { draft, version, files, creators, licences }: Croissant): Summary {
  const own = files.filter(({ isContained }) => !isContained);
  const valid = own.filter(({ sha256 }) => sha256 !== null).length;
  const lacks = {
    name: draft.name === undefined,
    description: draft.description === undefined,
    licence: draft.license === undefined,
    creators: creators === 0,
    language: draft.language === undefined,
    files: files.length === 0,
    sha256: valid < own.length,
  };
  return {
    file,
    name: draft.name ?? null,
    version,
    licence: { found: licences, read: draft.license ?? null },
    sha256: { valid, total: own.length },
    creators,
    language: draft.language ?? [],
    missing: Object.entries(lacks).flatMap(([what, isLacking]) => (isLacking ? [what] : [])),
  };
}

const isRead = (row: Row): row is Summary => !('error' in row);

interface Totals {
  files: number;
  croissant: number;
  licences: number;
  sha256: { valid: number; total: number };
  complete: number;
  missing: Record<string, number>;
}

function totalsOf(rows: readonly Row[]): Totals {
  const read = rows.filter(isRead);
  const missing = Map.groupBy(
    read.flatMap((row) => row.missing),
    (what) => what,
  );
  return {
    files: rows.length,
    croissant: read.length,
    licences: read.filter(({ licence }) => licence.read !== null).length,
    sha256: {
      valid: read.reduce((sum, { sha256 }) => sum + sha256.valid, 0),
      total: read.reduce((sum, { sha256 }) => sum + sha256.total, 0),
    },
    complete: read.filter((row) => row.missing.length === 0).length,
    missing: Object.fromEntries([...missing].map(([what, { length }]) => [what, length])),
  };
}

const HEAD = ['FILE', 'NAME', 'LICENCE FOUND', 'READ AS', 'SHA-256', 'CREATORS', 'LANGUAGE', 'MISSING'];

/** Below one folder, files go by their path in it. */
function lineOf(row: Row, folder: string | undefined): string[] {
  const file = folder === undefined ? row.file : relative(folder, row.file);
  if (!isRead(row)) return [file, '', '', '', '', '', '', row.error];
  const { licence, sha256 } = row;
  return [
    file,
    cut(row.name ?? '–'),
    cut(
      licence.found.length === 0
        ? '–'
        : licence.found.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(', '),
    ),
    licence.read ?? '–',
    `${sha256.valid}/${sha256.total}`,
    String(row.creators),
    row.language.join(' ') || '–',
    row.missing.join(', ') || '–',
  ];
}

/** A cell of a table that people read. */
const cut = (value: string): string => {
  const line = sanitizeLine(value);
  return line.length <= 44 ? line : `${line.slice(0, 43)}…`;
};

function inWords({ files, croissant, licences, sha256, complete, missing }: Totals): string {
  const lacks = Object.entries(missing).sort(([, a], [, b]) => b - a);
  return [
    `files: ${files}; Croissant: ${croissant}; with one licence that is known: ${licences}; that lack nothing: ${complete}`,
    `declared files with a SHA-256: ${sha256.valid} of ${sha256.total}`,
    ...(lacks.length === 0 ? [] : [`missing: ${lacks.map(([what, count]) => `${what} in ${count}`).join(', ')}`]),
  ].join('\n');
}
