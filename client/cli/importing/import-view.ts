import type { Json } from '../../../protocol/json.ts';
import type { Finding } from '../../../protocol/rights/import/finding.ts';
import type { Cli } from '../context.ts';
import { table, text } from '../terminal.ts';
import type { ComparedFile } from './compare-files.ts';
import type { ImportedFrom } from './imports.ts';

/** Findings, and files, that are told; `--json` has all. */
const TOLD = 60;
/** Fields that are named together. */
const NAMED = 12;
/** Characters of a value that is told. */
const VALUE = 48;

/** Tells on stderr what became of each field. Under --json it is part of the result. */
export function noteImports(cli: Cli, imported: readonly ImportedFrom[]): void {
  if (cli.out.json) return;
  for (const from of imported) {
    cli.out.note(text`${titleOf(from)}`);
    noteFindings(cli, from.findings);
    noteFiles(cli, from.files ?? []);
    if (from.isContent === true) {
      cli.out.note(text`note: ${from.source} lies among the files, and will be published with them`);
    }
  }
}

function titleOf({ kind, source, version }: ImportedFrom): string {
  if (kind === 'croissant') return `${source} (Croissant${version == null ? '' : ` ${version}`}):`;
  return kind === 'cawg' ? `${source} (CAWG training and data mining assertion):` : `AIPREF ${source}:`;
}

function noteFindings(cli: Cli, findings: readonly Finding[]): void {
  const told = findings.filter(({ outcome }) => outcome !== 'ignored');
  const rows = told
    .slice(0, TOLD)
    .map(({ outcome, path, value, reason }) => [`  ${outcome}`, path, valueOf(value), reason]);
  if (rows.length > 0) cli.out.note(text`${table(rows).join('\n')}`);
  if (told.length > TOLD) cli.out.note(text`  … and ${told.length - TOLD} more (--json)`);
  const ignored = findings.filter(({ outcome }) => outcome === 'ignored');
  const reasons = [...Map.groupBy(ignored, ({ reason }) => reason)];
  for (const [reason, some] of reasons.slice(0, TOLD)) {
    const [line] = table([[`  ignored: ${listed(some.map(({ path }) => path))}: ${reason}`]]);
    cli.out.note(text`${line ?? ''}`);
  }
}

function noteFiles(cli: Cli, files: readonly ComparedFile[]): void {
  if (files.length === 0) return;
  const counts = Map.groupBy(files, ({ outcome }) => outcome);
  const said = [...counts].map(([outcome, { length }]) => `${length} ${IN_WORDS[outcome]}`);
  cli.out.note(text`  files: ${said.join(', ')}`);
  for (const { name, file, sha256, found } of (counts.get('differs') ?? []).slice(0, TOLD)) {
    cli.out.note(
      text`WARNING: ${file ?? name} is not the file that this metadata describes: it hashes to ${found ?? ''}, and not to ${sha256 ?? ''}`,
    );
  }
}

const IN_WORDS: Readonly<Record<ComparedFile['outcome'], string>> = {
  match: 'as declared',
  differs: 'DIFFERENT from what was declared',
  absent: 'not here',
  contained: 'inside an archive',
  'no-sha256': 'without a sha256',
  'not-a-sha256': 'with something else for a sha256',
};

const listed = (names: readonly string[]): string =>
  names.length <= NAMED ? names.join(', ') : `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`;

/** On one line, in quotes where it is text. */
function valueOf(value: Json): string {
  if (value === null) return '–';
  const json = JSON.stringify(value);
  return json.length <= VALUE ? json : `${json.slice(0, VALUE - 1)}…`;
}
