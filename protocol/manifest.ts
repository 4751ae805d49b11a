import { limits } from '../schemas/limits.ts';
import { ManifestFile, ManifestHeader } from '../schemas/manifest.ts';
import type { DatasetRecordSubject } from '../schemas/dataset-record.ts';
import type { Digest, StatementId } from '../schemas/primitives.ts';
import { utf8 } from './bytes.ts';
import { digestFromBytes, digestOf } from './digest.ts';
import { canonicalJson, parseJson } from './json.ts';
import { leafHash, rootOf, type Hash } from './log/merkle.ts';
import { comparePaths, pathFault } from './path.ts';
import { ok, refuse, type Result } from './result.ts';
import { issuesOf } from './statement.ts';

/** The list of a dataset's files, sorted by path. */
export interface Manifest {
  salt?: string | undefined;
  files: ManifestFile[];
}

/** What a record says of its content, computed from a manifest. */
export type ContentSummary = Omit<NonNullable<DatasetRecordSubject['content']>, 'visibility'>;

/** What a record and its manifest must agree in, each field of them. */
export const SUMMARY_FIELDS = ['manifest', 'root', 'manifestBytes', 'files', 'rows', 'bytes'] as const;

/** What a record says of its manifest, which has a digest and a size, beside these two. */
export const CONTENT_KEY_FIELDS = [
  'root',
  'files',
  'rows',
  'bytes',
] as const satisfies (typeof SUMMARY_FIELDS)[number][];

/** That as a text: equal for two records over one manifest if both fit it, or neither does. */
export const contentKey = (summary: Pick<ContentSummary, (typeof CONTENT_KEY_FIELDS)[number]>): string =>
  CONTENT_KEY_FIELDS.map((field) => summary[field] ?? '').join(' ');

/** Lines of one block of a manifest: a power of two, so that a block is a subtree of its content root. */
export const BLOCK_LINES = 256;

/** Where a block of a manifest's lines begins, in bytes, and its RFC 6962 root. */
export interface ContentBlock {
  offset: number;
  root: Hash;
}

/** A manifest as it was read: what a record over it must declare, its files, and its blocks of lines. */
export interface Content {
  summary: ContentSummary;
  files: ManifestFile[];
  blocks: ContentBlock[];
  /** There where the content is withheld. */
  salt?: string | undefined;
}

/** The manifest's text. Throws RangeError on a path that may not stand in one, or one that stands twice. */
export function encodeManifest({ salt, files }: Manifest): string {
  const sorted = files.toSorted((a, b) => comparePaths(a.path, b.path));
  for (const [i, file] of sorted.entries()) {
    const fault = file.path === sorted[i - 1]?.path ? 'is given twice' : pathFault(file.path);
    if (fault !== null) throw new RangeError(`path ${JSON.stringify(file.path)} ${fault}`);
  }
  const header = { firsthand: 'manifest/v1', ...(salt === undefined ? {} : { salt }) };
  return [header, ...sorted].map((line) => `${canonicalJson(line)}\n`).join('');
}

/** Reads a manifest strictly: canonical lines, sorted, each path once. The reason names the line. */
export function parseManifest(text: string): Result<Manifest, string> {
  if (text.length > limits.manifestBytes) return refuse(`larger than ${limits.manifestBytes} bytes`);
  if (!text.endsWith('\n')) return refuse('its last line is not ended');
  const lines = text.split('\n').slice(0, -1);
  if (lines.length - 1 > limits.manifestFiles) return refuse(`lists more than ${limits.manifestFiles} files`);
  const header = readLine(lines[0] as string, ManifestHeader);
  if (!header.ok) return refuse(`line 1: ${header.reason}`);
  const files: ManifestFile[] = [];
  for (let i = 1; i < lines.length; i++) {
    const file = parseManifestFile(lines[i] as string);
    if (!file.ok) return refuse(`line ${i + 1}: ${file.reason}`);
    const previous = files.at(-1);
    if (previous !== undefined && comparePaths(previous.path, file.value.path) >= 0) {
      return refuse(`line ${i + 1}: path is out of order or given twice`);
    }
    files.push(file.value);
  }
  return files.length === 0 ? refuse('lists no files') : ok({ ...header.value, files });
}

/** Reads one line of a manifest strictly: that of a file. */
export function parseManifestFile(line: string): Result<ManifestFile, string> {
  const file = readLine(line, ManifestFile);
  if (!file.ok) return file;
  const fault = pathFault(file.value.path);
  return fault === null ? file : refuse(`path ${fault}`);
}

/** What a record over this manifest's text must declare. The text must be one that {@link parseManifest} accepts. */
export const summarizeContent = (text: string, manifest: Manifest): ContentSummary =>
  summarize(text, manifest, contentBlocks(text));

function summarize(text: string, manifest: Manifest, blocks: readonly ContentBlock[]): ContentSummary {
  const rows = manifest.files.every((file) => file.rows !== undefined)
    ? manifest.files.reduce((sum, file) => sum + (file.rows?.count ?? 0), 0)
    : undefined;
  return {
    root: digestFromBytes(rootOf(blocks.map(({ root }) => root))),
    manifest: digestOf(text),
    manifestBytes: utf8(text).length,
    files: manifest.files.length,
    ...(rows === undefined ? {} : { rows }),
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
  };
}

/** The leaves of a content root, or of a block of it: one for each of a manifest's lines, without its newline. */
export const contentLeaves = (text: string): Hash[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => leafHash(line));

/** The blocks of a manifest, in order, the last one shorter: their roots are as good as the leaves for its content root. */
export function contentBlocks(text: string): ContentBlock[] {
  const lines = text.split('\n').slice(0, -1);
  const blocks: ContentBlock[] = [];
  let offset = 0;
  for (let at = 0; at < lines.length; at += BLOCK_LINES) {
    const block = lines.slice(at, at + BLOCK_LINES);
    blocks.push({ offset, root: rootOf(block.map((line) => leafHash(line))) });
    offset += utf8(block.join('\n')).length + 1;
  }
  return blocks;
}

/** The id of a record that only composes: the RFC 6962 root over its part ids, sorted, each leaf the id's text. */
export const compositionRoot = (parts: readonly StatementId[]): Digest =>
  digestFromBytes(rootOf([...parts].toSorted().map((id) => leafHash(utf8(id)))));

/** Reads a manifest, as {@link parseManifest} does, and summarizes it. */
export function readContent(text: string): Result<Content, string> {
  const manifest = parseManifest(text);
  if (!manifest.ok) return manifest;
  const { files, salt } = manifest.value;
  const blocks = contentBlocks(text);
  return ok({ summary: summarize(text, manifest.value, blocks), files, blocks, salt });
}

/** What a record declares of its content that its manifest does not say; null where they agree. */
export function summaryFault(content: ContentSummary, summary: ContentSummary): string | null {
  for (const field of SUMMARY_FIELDS) {
    if (summary[field] !== content[field])
      return `the record’s content.${field} is ${content[field]}, not ${summary[field]}`;
  }
  return null;
}

function readLine<T>(line: string, schema: { safeParse(value: unknown): Parsed<T> }): Result<T, string> {
  const json = parseJson(line);
  if (!json.ok) return refuse(json.reason.detail);
  if (canonicalJson(json.value) !== line) return refuse('is not in canonical form');
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return ok(parsed.data);
  const issue = issuesOf(parsed.error)[0];
  return refuse(`${issue?.path} ${issue?.message}`);
}

type Parsed<T> = { success: true; data: T } | { success: false; error: Parameters<typeof issuesOf>[0] };
