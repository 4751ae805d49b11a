import type { AssistanceLevel } from '../../schemas/dataset-record.ts';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import type { Coverage, StandingState } from '../../schemas/report.ts';
import type { ManifestFile } from '../../schemas/manifest.ts';
import type { Present } from '../evidence.ts';
import { digestOf } from '../digest.ts';
import { contentFault, parseManifest } from '../manifest.ts';
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
  const manifests = new Map(local.manifests.map((text) => [digestOf(text), text]));
  const withContent = records.filter((record) => record.document.credentialSubject.content !== undefined);
  const ownerOf = new Map<string, Present<'DatasetRecord'>>();
  const byPath = new Map<string, ManifestFile>();
  const missing: Present<'DatasetRecord'>[] = [];
  for (const record of withContent) {
    const files = filesOf(record, manifests);
    if (files === null) missing.push(record);
    for (const file of files ?? []) {
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

function filesOf(record: Present<'DatasetRecord'>, manifests: ReadonlyMap<Digest, string>): ManifestFile[] | null {
  const { content } = record.document.credentialSubject;
  const text = content && manifests.get(content.manifest);
  if (content === undefined || text === undefined || contentFault(content, text) !== null) return null;
  const manifest = parseManifest(text);
  return manifest.ok ? manifest.value.files : null;
}
