import { limits } from '../../schemas/limits.ts';
import type { ManifestFile } from '../../schemas/manifest.ts';
import type { Did } from '../../schemas/primitives.ts';
import { concatBytes, utf8, type Bytes } from '../../protocol/bytes.ts';
import { digestFromBytes, digestOf } from '../../protocol/digest.ts';
import { rootOf } from '../../protocol/log/merkle.ts';
import { encodeManifest, summarizeContent } from '../../protocol/manifest.ts';
import { ROW_DIGEST_BYTES, rowDigest } from '../../protocol/rows/row-digests.ts';
import type { Draft } from '../../protocol/statement.ts';
import { drafts } from './statements.ts';

/** A row's digest, as text. */
export const digestOfRow = (row: string): string => digestFromBytes(rowDigest(row));

/** A file of these rows (canonical JSON, one a line), and the segments of its row-digest list. */
export function rowFile(path: string, rows: readonly string[]): { file: ManifestFile; lists: Bytes[] } {
  const text = rows.map((row) => `${row}\n`).join('');
  const digests = rows.map(rowDigest);
  const list = concatBytes(...digests);
  const lists: Bytes[] = [];
  for (let at = 0; at < list.length; at += limits.segmentRows * ROW_DIGEST_BYTES) {
    lists.push(list.slice(at, at + limits.segmentRows * ROW_DIGEST_BYTES));
  }
  return {
    lists,
    file: {
      path,
      bytes: utf8(text).length,
      mediaType: 'application/jsonl',
      sha256: digestOf(text).slice('sha256:'.length),
      rows: {
        count: rows.length,
        digests: lists.map((segment) => digestOf(segment)),
        format: 'jsonl',
        root: digestFromBytes(rootOf(digests)),
      },
    },
  };
}

/** A record over files of these rows; `claim` alters what its manifest says of each. */
export function rowsRecord(
  holder: Did,
  files: Record<string, readonly string[]>,
  more: Partial<Draft<'DatasetRecord'>['subject']> = {},
  claim: (file: ManifestFile) => ManifestFile = (file) => file,
) {
  const made = Object.entries(files).map(([path, rows]) => rowFile(path, rows));
  const manifest = { files: made.map(({ file }) => claim(file)) };
  const text = encodeManifest(manifest);
  const summary = summarizeContent(text, manifest);
  const draft = drafts.record(holder, summary.root, {
    id: summary.root,
    content: { ...summary, visibility: 'public' },
    ...more,
  });
  return {
    draft,
    manifest: utf8(text),
    digest: summary.manifest,
    lists: made.flatMap(({ lists }) => lists),
    files: manifest.files.map(({ sha256 }) => `sha256:${sha256}`),
  };
}

/** Rows that no other suite has. */
export const someRows = (suite: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `{"answer":${i},"question":"${suite}, number ${i}?"}`);
