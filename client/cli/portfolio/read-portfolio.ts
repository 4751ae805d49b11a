import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../../schemas/limits.ts';
import { StatementId } from '../../../schemas/primitives.ts';
import { readText } from '../bounded-file.ts';
import { readClaims } from '../certificate-source.ts';
import { CliError } from '../cli-error.ts';
import { findCertificates, type SavedCertificate } from '../watch/find-certificates.ts';

/** One record of a mix: named, or by the certificate that was saved of it. */
export interface Holding {
  /** Null of a file that should be a certificate, and is none. */
  record: StatementId | null;
  saved: SavedCertificate | null;
}

export interface Holdings {
  holdings: Holding[];
  /** What is there and was passed over. */
  remarks: string[];
}

/** Bytes of a list of ids: each is 71 characters, the rest is for remarks. */
const LIST_BYTES = 256 * 1024;

/** Faults of a list that are named. */
const NAMED = 20;

/**
 * What a mix is made of: a list of record ids, one a line, with `#` for remarks; a certificate; or a folder of saved ones.
 * Throws a CliError that names every line at fault, or the limit.
 */
export async function readPortfolio(path: string): Promise<Holdings> {
  if ((await stat(path)).isDirectory()) return ofFolder(path);
  const text = await readText(path, limits.certificateBytes);
  const claims = readClaims(text);
  if (claims !== null) return { holdings: [{ record: claims.subject, saved: { file: path, text } }], remarks: [] };
  return ofList(path, text);
}

function ofList(path: string, text: string): Holdings {
  if (text.length > LIST_BYTES) {
    throw new CliError(
      'invalid-file',
      `${path} is no certificate, and longer than a list of records may be, ${LIST_BYTES} bytes`,
    );
  }
  const lines = new Map<StatementId, number>();
  const repeated: string[] = [];
  const errors: { path: string; message: string }[] = [];
  for (const [i, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const id = line.replace(/#.*/, '').trim();
    if (id === '') continue;
    const parsed = StatementId.safeParse(id);
    const first = parsed.success ? lines.get(parsed.data) : undefined;
    if (!parsed.success) errors.push({ path: `line ${i + 1}`, message: parsed.error.issues[0]?.message ?? 'invalid' });
    else if (first !== undefined) repeated.push(`line ${i + 1} repeats line ${first}`);
    else lines.set(parsed.data, i + 1);
  }
  if (errors.length > 0) {
    const more = errors.length > NAMED ? `; the first ${NAMED} are` : '';
    throw new CliError(
      'invalid-file',
      `${path}: lines that name no record: ${errors.length}${more}`,
      'one record id a line; # begins a remark',
      errors.slice(0, NAMED),
    );
  }
  const holdings = bounded(
    path,
    [...lines.keys()].map((record) => ({ record, saved: null })),
  );
  return { holdings, remarks: repeated.length === 0 ? [] : [`${listed(repeated)}: counted once`] };
}

async function ofFolder(path: string): Promise<Holdings> {
  const found = await findCertificates([path]);
  const bytes = found.reduce((sum, { text }) => sum + text.length, 0);
  if (bytes > limits.certificatesBytes) {
    throw new CliError('invalid-file', `the certificates in ${path} are more than ${limits.certificatesBytes} bytes`);
  }
  const files = new Set(found.map(({ file }) => file));
  const other = (await readdir(path, { withFileTypes: true })).filter(
    (entry) => entry.isFile() && entry.name.endsWith('.json') && !files.has(join(path, entry.name)),
  );
  const remarks = other.length === 0 ? [] : [`${listed(other.map(({ name }) => name))}: passed over, no certificate`];
  const newest = new Map<string, Holding & { size: number }>();
  for (const saved of found) {
    const claims = readClaims(saved.text);
    const { subject: record, size } = claims ?? { subject: null, size: 0 };
    const known = newest.get(record ?? saved.file);
    if (known !== undefined) {
      const older = known.size < size ? known.saved : saved;
      remarks.push(`${older?.file ?? ''}: passed over, there is another certificate of the same record`);
      if (known.size >= size) continue;
    }
    newest.set(record ?? saved.file, { record, saved, size });
  }
  return {
    holdings: bounded(
      path,
      [...newest.values()].map(({ record, saved }) => ({ record, saved })),
    ),
    remarks,
  };
}

function bounded(path: string, holdings: Holding[]): Holding[] {
  if (holdings.length === 0) throw new CliError('invalid-file', `${path} names no record`);
  if (holdings.length <= limits.certificates) return holdings;
  throw new CliError(
    'invalid-file',
    `${path} names ${holdings.length} records; together, ${limits.certificates} are answered for`,
  );
}

const listed = (words: readonly string[]): string =>
  `${words.slice(0, 5).join(', ')}${words.length > 5 ? ` and ${words.length - 5} more` : ''}`;
