import type { IndexState } from '../../../schemas/api.ts';
import { limits } from '../../../schemas/limits.ts';
import type { Digest, StatementId } from '../../../schemas/primitives.ts';
import type { Check } from '../../../schemas/report.ts';
import { digestFromBytes } from '../../../protocol/digest.ts';
import { ROW_DIGEST_BYTES } from '../../../protocol/rows/row-digests.ts';
import type { RowSet } from '../../../protocol/rows/row-set.ts';
import type { Verification } from '../../../protocol/verify/verify.ts';
import type { RegistryClient } from '../../registry-client.ts';
import type { CertificateClaims } from '../certificate-source.ts';
import type { Cli } from '../context.ts';
import type { ContentFile } from '../../content/content-file.ts';
import { progressBar } from '../progress.ts';
import { text } from '../terminal.ts';

export interface Discovery {
  /** Null where no record has any of the content. */
  verification: Verification | null;
  /** How far the registry's index was, by the least of its answers. */
  index: IndexState | null;
  /** Records that have some of the content and were not verified. */
  leftOut: StatementId[];
}

export interface Discovering {
  client: Pick<RegistryClient, 'lookup'>;
  /** Hears which files' rows will be matched, at once or once all are looked up, and of which the owner is known. */
  expect?(open: readonly ContentFile[], settled: readonly ContentFile[], isAtOnce: boolean): void;
  /** Fetches a record's certificate and manifests; false where it does not fit, or there is none any more. */
  admit(record: StatementId): Promise<boolean>;
  /** What the certificate of an admitted record says of others: those that it carries, and later versions of itself. */
  claimsOf(record: StatementId): Pick<CertificateClaims, 'records' | 'versions'> | undefined;
  /** Verifies the content against these records, which were admitted. Once the signal aborts, it may reject with its reason. */
  judge(records: readonly StatementId[], signal?: AbortSignal): Promise<Verification>;
}

/**
 * Finds the records that content comes from (docs/decisions/0021): of every file and row that is looked up the oldest that
 * has it. Files first; then a sample of the rows that are in no certified file, as they are. What the lists of the records
 * found certify needs no look-up any more; of the rest, every row is looked up.
 */
export async function discover(
  cli: Pick<Cli, 'out'>,
  files: readonly ContentFile[],
  at: Discovering,
): Promise<Discovery> {
  const search = new Search(at);
  const wholes = await search.owners([...new Set(files.map(({ sha256 }) => `sha256:${sha256}` as Digest))]);
  const isWhole = ({ sha256 }: ContentFile): boolean => wholes.has(`sha256:${sha256}` as Digest);
  const open = files.filter((file) => file.rowDigests !== null && !isWhole(file));
  const rows = open.reduce((sum, { rowDigests }) => sum + (rowDigests?.count ?? 0), 0);
  const bar = progressBar(cli, 'looking up rows', rows);
  try {
    const byWeight = new Map<StatementId, number>();
    for (const { sha256, rowDigests } of files)
      count(byWeight, wholes.get(`sha256:${sha256}` as Digest), rowDigests?.count ?? 1);
    const weight = Math.max(1, rows / limits.lookupDigests);
    const countOwners = async (digests: readonly Digest[]): Promise<void> => {
      for (const owner of (await search.owners(digests)).values()) count(byWeight, owner, weight);
    };
    const { first, rest } = inTurn(await sampleOf(open, rows));
    await countOwners(first);
    // Where few records have these, they may well have all: it is verified against them while the rest is looked up.
    if (byWeight.size <= FEW) await search.admit(heaviest(byWeight));
    at.expect?.(open, files.filter(isWhole), search.hasChosen);
    await search.verifyWhile(async () => {
      const known = byWeight.size;
      await countOwners(rest);
      return byWeight.size === known;
    });
    await search.choose(heaviest(byWeight));
    if (rows > limits.lookupDigests) {
      for await (const batch of search.uncertified(open, (read) => bar?.update(read))) {
        await search.choose((await search.owners(batch)).values());
      }
    }
    return await search.end();
  } finally {
    bar?.stop();
  }
}

function count(weights: Map<StatementId, number>, record: StatementId | undefined, rows: number): void {
  if (record !== undefined) weights.set(record, (weights.get(record) ?? 0) + rows);
}

/** Those with the most rows first, and among equals the one that was found first. */
const heaviest = (weights: ReadonlyMap<StatementId, number>): StatementId[] =>
  [...weights].toSorted((a, b) => b[1] - a[1]).map(([record]) => record);

/** Records that have all of what is looked up first, at most, if more than they are not expected. */
const FEW = 4;

/** Of a large sample, some from all over it that are looked up first. */
function inTurn(sample: readonly Digest[]): { first: readonly Digest[]; rest: readonly Digest[] } {
  if (sample.length < 1000) return { first: sample, rest: [] };
  const isFirst = (_: Digest, i: number): boolean => i % 32 === 0;
  return { first: sample.filter(isFirst), rest: sample.filter((digest, i) => !isFirst(digest, i)) };
}

/** The search as it goes on: what was chosen, and what that certifies. */
class Search {
  readonly #at: Discovering;
  readonly #chosen = new Set<StatementId>();
  readonly #leftOut = new Set<StatementId>();
  #verification: Verification | null = null;
  /** How many of the chosen it is by. */
  #verified = 0;
  #unmatched: ReadonlyMap<unknown, RowSet | null> = new Map();
  #index: IndexState | null = null;

  constructor(at: Discovering) {
    this.#at = at;
  }

  /** The oldest record that has each digest, of those that some record has. */
  async owners(digests: readonly Digest[]): Promise<Map<Digest, StatementId>> {
    if (digests.length === 0) return new Map();
    const { matches, index } = await this.#at.client.lookup(digests);
    if (index !== null) this.#index = this.#index === null ? index : behind(this.#index, index);
    return new Map(
      matches.flatMap(({ digest, records: [oldest] }) => (oldest === undefined ? [] : [[digest, oldest] as const])),
    );
  }

  /** Whether there is something to verify against. */
  get hasChosen(): boolean {
    return this.#chosen.size > 0;
  }

  /** Adds records, as far as they fit, and their later versions: a look-up names the oldest, and a correction counts. */
  async admit(records: Iterable<StatementId>): Promise<void> {
    const found = [...records];
    for (const record of found) {
      if (this.#chosen.has(record) || this.#leftOut.has(record)) continue;
      const isIn = this.#chosen.size < limits.certificates && (await this.#at.admit(record));
      (isIn ? this.#chosen : this.#leftOut).add(record);
      if (isIn) found.push(...(this.#at.claimsOf(record)?.versions ?? []));
    }
  }

  /** Adds records, and verifies against all that were added, unless that is done. */
  async choose(records: Iterable<StatementId>): Promise<void> {
    await this.admit(records);
    if (this.#chosen.size > this.#verified) await this.#verify();
  }

  /** Verifies against what was added, for the time that it takes to find out whether that is all; given up where it is not. */
  async verifyWhile(findOut: () => Promise<boolean>): Promise<void> {
    const superseded = new AbortController();
    const { signal } = superseded;
    const verifying = this.#chosen.size === 0 ? null : this.#verify(signal);
    // It may fail before it is waited for.
    verifying?.catch(() => undefined);
    const isAll = await findOut().catch((error: unknown) => {
      superseded.abort();
      throw error;
    });
    if (!isAll) superseded.abort();
    await verifying?.catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  async #verify(signal?: AbortSignal): Promise<void> {
    const chosen = [...this.#chosen];
    this.#verification = await this.#at.judge(chosen, signal);
    this.#verified = chosen.length;
    this.#unmatched = new Map(this.#verification.unmatched.map(({ file, rows }) => [file, rows]));
  }

  /** Digests of rows that nothing chosen so far certifies, as many at a time as one look-up takes. */
  async *uncertified(files: readonly ContentFile[], onRows: (read: number) => void): AsyncGenerator<Digest[]> {
    let batch: Digest[] = [];
    let before = 0;
    for (const file of files) {
      // What is chosen later leaves no more of it open.
      const isOpen = this.#unmatchedOf(file) !== null;
      for await (const { piece, from, rows } of isOpen ? piecesOf(file) : []) {
        let unmatched = this.#unmatchedOf(file);
        for (let row = 0; row < rows; row++) {
          if (unmatched !== 'all' && unmatched?.has(from + row) !== true) continue;
          batch.push(digestAt(piece, row));
          if (batch.length < limits.lookupDigests) continue;
          onRows(before + from + row);
          yield batch;
          batch = [];
          // Meanwhile more may have been chosen.
          unmatched = this.#unmatchedOf(file);
        }
      }
      before += file.rowDigests?.count ?? 0;
    }
    if (batch.length > 0) yield batch;
  }

  #unmatchedOf(file: ContentFile): RowSet | 'all' | null {
    return this.#verification === null ? 'all' : (this.#unmatched.get(file) ?? null);
  }

  /**
   * A record that was found and turns out to own nothing here, since others do, is not one of those verified. One that
   * composes others has what these own by it.
   */
  async end(): Promise<Discovery> {
    const owners = new Set(this.#verification?.report.coverage?.byRecord.map(({ record }) => record));
    const isBehind = (owner: StatementId): boolean => owners.has(owner) && !this.#chosen.has(owner);
    const owning = [...this.#chosen].filter(
      (record) => owners.has(record) || this.#at.claimsOf(record)?.records.some(isBehind) === true,
    );
    if (owning.length > 0 && owning.length < this.#chosen.size) {
      const unread = this.#verification?.report.checks.filter(isUnread) ?? [];
      this.#verification = withUnread(await this.#at.judge(owning), unread);
    }
    return { verification: this.#verification, index: this.#index, leftOut: [...this.#leftOut] };
  }
}

/** Whether it says that content of some record could not be read. */
const isUnread = ({ id, outcome }: Check): boolean =>
  (id === 'content.root' || id === 'content.rows') && outcome === 'warn';

/** A record may own nothing only because what it certifies is not to be had: that is said, though it was let go of. */
function withUnread({ report, unmatched }: Verification, unread: readonly Check[]): Verification {
  const isTold = (check: Check): boolean =>
    report.checks.some(({ detail, statement }) => detail === check.detail && statement === check.statement);
  const untold = unread.filter((check) => !isTold(check));
  return { report: { ...report, checks: [...report.checks, ...untold] }, unmatched };
}

const behind = (a: IndexState, b: IndexState): IndexState => ({
  through: Math.min(a.through, b.through),
  size: Math.max(a.size, b.size),
  pendingRows: Math.max(a.pendingRows, b.pendingRows),
});

/** Digests from all over these files, as many as one look-up takes, or all. */
async function sampleOf(files: readonly ContentFile[], rows: number): Promise<Digest[]> {
  const step = Math.max(1, rows / limits.lookupDigests);
  const sample = new Set<Digest>();
  let before = 0;
  let next = 0;
  for (const file of files) {
    for await (const { piece, from, rows: held } of piecesOf(file)) {
      for (; next < before + from + held; next += step) sample.add(digestAt(piece, Math.floor(next) - before - from));
    }
    before += file.rowDigests?.count ?? 0;
  }
  return [...sample];
}

/** A file's row digests, piece by piece, with the number of each piece's first row. */
async function* piecesOf({
  rowDigests,
}: ContentFile): AsyncGenerator<{ piece: Uint8Array; from: number; rows: number }> {
  let from = 0;
  for await (const piece of rowDigests?.read() ?? []) {
    const rows = piece.length / ROW_DIGEST_BYTES;
    yield { piece, from, rows };
    from += rows;
  }
}

const digestAt = (piece: Uint8Array, row: number): Digest =>
  digestFromBytes(piece.subarray(row * ROW_DIGEST_BYTES, (row + 1) * ROW_DIGEST_BYTES));

/** Says which records were not verified though they have some of the content. */
export function noteLeftOut(cli: Cli, leftOut: readonly StatementId[]): void {
  if (leftOut.length === 0) return;
  cli.out.note(
    text`note: left out ${leftOut.length} records that have some of this content, too many or not served as certificates: ${leftOut.slice(0, 5).join(', ')}${leftOut.length > 5 ? ', …' : ''} (--record ID checks one)`,
  );
}
