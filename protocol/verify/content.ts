import type { Digest, StatementId } from '../../schemas/primitives.ts';
import type { StandingState } from '../../schemas/report.ts';
import type { ManifestFile } from '../../schemas/manifest.ts';
import type { Present } from '../evidence.ts';
import { digestOf } from '../digest.ts';
import { readContent, summaryFault, type Content } from '../manifest.ts';
import { matchRows, type FilledTable } from '../rows/match.ts';
import type { RowDigests } from '../rows/row-digests.ts';
import type { RowSet } from '../rows/row-set.ts';
import type { Findings } from './findings.ts';
import { RowLists, type Certified, type ReadSegment } from './row-lists.ts';

/** A file that a buyer holds. */
export interface LocalFile {
  path: string;
  bytes: number;
  /** Lowercase hex. */
  sha256: string;
  /** Its rows, where it has any; without them it counts as one row, and is matched whole or not at all. */
  rowDigests?: RowDigests | null | undefined;
}

/** The files a buyer holds, hashed, and whatever is at hand of what was certified; all of that proves itself. */
export interface LocalContent {
  files: readonly LocalFile[];
  /** Texts of manifests. */
  manifests: readonly string[];
  /** Segments of row-digest lists; without it, files are matched whole only. */
  segment?: ReadSegment | undefined;
  /** Rows of the files, if a table was filled with them while it was not known yet with what to match them. */
  filled?: FilledTable | null | undefined;
}

type Record = Present<'DatasetRecord'>;

/** Whose the local content is. */
export interface ContentMatch {
  files: number;
  /** Rows here; a file without rows counts as one. */
  rows: number;
  duplicates: number;
  /** Rows that belong to each record, those with the most first. */
  byRecord: { record: Record; rows: number }[];
  /** What is in no certified record, file by file in the order given; `rows` is null of a file without any. */
  unmatched: { file: LocalFile; rows: RowSet | null; count: number; detail: string }[];
}

/**
 * Finds which records the local content comes from. A file with a certified SHA-256 belongs to that record as a whole; the
 * rows of any other are looked for one by one. What is in several records belongs to the oldest, or to the newest of its
 * versions by the same signer that has it and stands (docs/decisions/0021). Adds `content.root` and `content.rows`.
 */
export async function matchContent(
  local: LocalContent,
  records: readonly Record[],
  standing: ReadonlyMap<StatementId, StandingState>,
  seed: number,
  findings: Findings,
): Promise<ContentMatch> {
  const certified = certifiedBy(records, local.manifests, standing, findings);
  const wholes = new Map<string, number>();
  const byPath = new Map<string, ManifestFile>();
  for (const [place, { content, succeeds }] of certified.entries()) {
    for (const file of content.files) {
      const known = wholes.get(file.sha256);
      if (known === undefined || succeeds?.has(known) === true) wholes.set(file.sha256, place);
      byPath.set(file.path, file);
    }
  }
  const counts = new Map<Record, number>();
  const count = (record: Record, rows: number): void => void counts.set(record, (counts.get(record) ?? 0) + rows);
  const open: { file: LocalFile; rows: RowDigests; whole: Record | null }[] = [];
  const settled: RowDigests[] = [];
  const unmatched: ContentMatch['unmatched'] = [];
  const single = new Set<string>();
  let rows = 0;
  for (const file of local.files) {
    const owner = certified[wholes.get(file.sha256) ?? -1]?.record;
    const { rowDigests = null } = file;
    const size = rowDigests?.count ?? 1;
    rows += size;
    if (rowDigests === null) single.add(file.sha256);
    if (owner !== undefined && (rowDigests === null || !isComposed(owner))) {
      count(owner, size);
      if (rowDigests !== null) settled.push(rowDigests);
    } else if (rowDigests !== null) open.push({ file, rows: rowDigests, whole: owner ?? null });
    else unmatched.push({ file, rows: null, count: 1, detail: whyNot(file, byPath.get(file.path)) });
  }
  const lists = new RowLists(certified, local.segment);
  const found = await matchRows(
    open.map((each) => each.rows),
    settled,
    lists.inOrder,
    { seed, filled: local.filled },
  );
  for (const [owner, matched] of found.matched) count(certified[owner]?.record as Record, matched);
  for (const [i, { file, whole }] of open.entries()) {
    const rest = found.unmatched[i] as RowSet;
    if (whole !== null) count(whole, rest.size);
    if (whole !== null || rest.size === 0) continue;
    const detail = whyNot(file, byPath.get(file.path), rest);
    unmatched.push({ file, rows: rest, count: rest.size, detail });
  }
  if (open.length > 0) lists.report(findings);
  const order = new Map(local.files.map((file, i) => [file, i]));
  return {
    files: local.files.length,
    rows,
    duplicates: rows - found.distinct - single.size,
    byRecord: [...counts]
      .filter(([, each]) => each > 0)
      .map(([record, each]) => ({ record, rows: each }))
      .toSorted((a, b) => b.rows - a.rows || a.record.index - b.record.index),
    unmatched: unmatched.toSorted((a, b) => (order.get(a.file) as number) - (order.get(b.file) as number)),
  };
}

/** Rows of a composition belong to the parts that they come from, as far as the parts' lists are at hand. */
const isComposed = (record: Record): boolean => record.document.credentialSubject.parts !== undefined;

/** Why a file, or some rows of it, count for no record. */
function whyNot(file: LocalFile, certified: ManifestFile | undefined, rows?: RowSet): string {
  const changed =
    certified === undefined ? '' : ` was changed: certified sha256 ${certified.sha256}, here ${file.sha256}`;
  if (rows === undefined) return `${file.path}${changed || ' is in no certified record'}`;
  const [first = 0] = rows;
  const some = `${rows.size} of its ${file.rowDigests?.count ?? 0} rows are in no certified record, the first is row ${first + 1}`;
  return `${file.path}${changed === '' ? ':' : `${changed};`} ${some}`;
}

/**
 * The content that is certified, each manifest once however many records name it: for the one that comes first. Says of the
 * records whose manifest is not at hand.
 */
function certifiedBy(
  records: readonly Record[],
  manifests: readonly string[],
  standing: ReadonlyMap<StatementId, StandingState>,
  findings: Findings,
): Certified[] {
  const contentOf = contentsOf(manifests);
  // A version that was withdrawn, or is yet to come, replaces nothing.
  const stands = ({ id }: Record): boolean => standing.get(id) === 'active';
  // The oldest first, so that whoever republishes later takes nobody's place.
  const withContent = records
    .filter((record) => record.document.credentialSubject.content !== undefined)
    .toSorted((a, b) => a.index - b.index);
  const firstOf = firstVersions(withContent);
  const missing: Record[] = [];
  const certified = new Map<Content, Record>();
  for (const record of withContent) {
    const content = contentOf(record);
    if (content === null) {
      missing.push(record);
      continue;
    }
    const known = certified.get(content);
    const isVersion = known !== undefined && firstOf.get(known) === firstOf.get(record);
    if (known === undefined || (isVersion && stands(record))) certified.set(content, record);
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
  const owners = [...certified.values()];
  const versions = Map.groupBy(owners, (record) => firstOf.get(record));
  return [...certified].map(([content, record]) => {
    if (versions.get(firstOf.get(record))?.length === 1 || !stands(record)) return { record, content };
    const isEarlier = (place: number): boolean => {
      const other = owners[place] as Record;
      return other.index < record.index && firstOf.get(other) === firstOf.get(record);
    };
    return { record, content, succeeds: { has: isEarlier } };
  });
}

/** Of each of these records, which are in log order, the first version by its signer that is among them. */
function firstVersions(rising: readonly Record[]): Map<Record, Record> {
  const known = new Map<StatementId, Record>(rising.map((record) => [record.id, record]));
  const first = new Map<Record, Record>();
  for (const record of rising) {
    const { replaces } = record.document.credentialSubject;
    const before = replaces === undefined ? undefined : known.get(replaces);
    const isVersion = before !== undefined && before.document.issuer === record.document.issuer;
    first.set(record, (isVersion ? first.get(before) : undefined) ?? record);
  }
  return first;
}

/** The content of a record, if its manifest is among the texts. Each is read once, however many records name it. */
function contentsOf(texts: readonly string[]): (record: Record) => Content | null {
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
