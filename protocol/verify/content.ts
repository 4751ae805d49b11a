import type { AssistanceLevel } from '../../schemas/dataset-record.ts';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import type { Coverage, StandingState } from '../../schemas/report.ts';
import type { ManifestFile } from '../../schemas/manifest.ts';
import type { Present } from '../evidence.ts';
import { digestOf } from '../digest.ts';
import { readContent, summaryFault, type Content } from '../manifest.ts';
import type { Findings } from './findings.ts';

/** The files a buyer holds, hashed, and whatever manifests are at hand (texts; they prove themselves). */
export interface LocalContent {
  files: { path: string; bytes: number; sha256: string }[];
  manifests: string[];
}

/** Compares local files with what the records of a lineage certify. Adds `content.root` and returns the coverage. */
export function coverContent(
  local: LocalContent,
  records: readonly Present<'DatasetRecord'>[],
  assistance: ReadonlyMap<StatementId, AssistanceLevel>,
  standing: ReadonlyMap<StatementId, StandingState>,
  findings: Findings,
): { coverage: Coverage; unmatched: string[] } {
  const contentOf = contentsOf(local.manifests);
  const withContent = records.filter((record) => record.document.credentialSubject.content !== undefined);
  const ownerOf = new Map<string, Present<'DatasetRecord'>>();
  const byPath = new Map<string, ManifestFile>();
  const missing: Present<'DatasetRecord'>[] = [];
  const listed = new Set<Content>();
  for (const record of withContent) {
    const content = contentOf(record);
    if (content === null) missing.push(record);
    // However many records name one manifest, its files are gone through once: for the first of them.
    if (content === null || listed.has(content)) continue;
    listed.add(content);
    for (const file of content.files) {
      if (!ownerOf.has(file.sha256)) ownerOf.set(file.sha256, record);
      byPath.set(file.path, file);
    }
  }
  if (missing.length === 0) {
    findings.add('content.root', 'pass', `manifests that match their records: ${withContent.length}`);
  } else {
    const detail = `the manifest is not at hand, and the files here are not its whole content unchanged`;
    for (const record of missing) {
      if (missing.length === withContent.length) findings.fail('content.root', detail, record.id);
      else findings.add('content.root', 'warn', detail, record.id);
    }
  }
  const matches = new Map<StatementId, number>();
  const unmatched: string[] = [];
  for (const file of local.files) {
    const owner = ownerOf.get(file.sha256);
    if (owner !== undefined) {
      matches.set(owner.id, (matches.get(owner.id) ?? 0) + 1);
      continue;
    }
    const certified = byPath.get(file.path);
    unmatched.push(
      certified === undefined
        ? `${file.path} is in no certified record`
        : `${file.path} was changed: certified sha256 ${certified.sha256}, here ${file.sha256}`,
    );
  }
  const total = local.files.length;
  return {
    unmatched,
    coverage: {
      rows: total,
      matched: total - unmatched.length,
      unmatched: unmatched.length,
      files: total,
      byRecord: [...matches].map(([record, rows]) => ({
        record,
        rows,
        share: rows / total,
        assistance: assistance.get(record) ?? 'none',
        standing: standing.get(record) ?? 'untrusted',
      })),
    },
  };
}

/** The content of a record, if its manifest is among the texts. Each is read once, however many records name it. */
function contentsOf(texts: readonly string[]): (record: Present<'DatasetRecord'>) => Content | null {
  const unread = new Map(texts.map((text) => [digestOf(text), text]));
  const read = new Map<Digest, Content | null>();
  return (record) => {
    const declared = record.document.credentialSubject.content;
    if (declared === undefined) return null;
    const text = unread.get(declared.manifest);
    if (text !== undefined) {
      const content = readContent(text);
      read.set(declared.manifest, content.ok ? content.value : null);
      unread.delete(declared.manifest);
    }
    const content = read.get(declared.manifest) ?? null;
    return content !== null && summaryFault(declared, content.summary) === null ? content : null;
  };
}
