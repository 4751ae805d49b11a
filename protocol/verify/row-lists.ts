import { limits } from '../../schemas/limits.ts';
import type { Digest } from '../../schemas/primitives.ts';
import type { Present } from '../evidence.ts';
import { digestOf } from '../digest.ts';
import type { Content } from '../manifest.ts';
import type { OwnedDigests } from '../rows/match.ts';
import { ROW_DIGEST_BYTES } from '../rows/row-digests.ts';
import type { Findings } from './findings.ts';

/** Bytes with their digest, which nobody but this has worked out. */
export class HashedBytes {
  readonly bytes: Uint8Array;
  readonly digest: Digest;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.digest = digestOf(bytes);
  }
}

/**
 * Reads one segment of a row-digest list, of so many `bytes` if it is the right one; null where it is not at hand. It may be
 * asked for more than once. Who has hashed it says so, and it is not hashed again.
 */
export type ReadSegment = (segment: Digest, bytes: number) => Promise<Uint8Array | HashedBytes | null>;

interface Segment {
  digest: Digest;
  rows: number;
  owner: number;
}

/** The content of a record, and which of the others, by their place, are earlier versions of it. */
export interface Certified {
  record: Present<'DatasetRecord'>;
  content: Content;
  succeeds?: Pick<ReadonlySet<number>, 'has'> | undefined;
}

/**
 * The row-digest lists of certified content. A segment is what its record's signer certified if it hashes to the digest that
 * the manifest names and has the length that the manifest's count gives it. The root over the rows says nothing more of
 * them: it is for the proof of a single one.
 */
export class RowLists {
  readonly inOrder: readonly OwnedDigests[];
  readonly #segments: readonly Segment[];
  readonly #certified: readonly Certified[];
  readonly #read = new Set<Segment>();
  readonly #faults = new Map<Segment, string>();
  /** Of each list, how many bytes it may have at most, and how many it has, once that is known; null if it is not at hand. */
  readonly #most = new Map<Digest, number>();
  readonly #lengths = new Map<Digest, number | null>();
  /** Lists that are on their way. */
  readonly #ahead = new Map<Digest, ReturnType<ReadSegment>>();

  constructor(certified: readonly Certified[], read: ReadSegment | undefined) {
    this.#certified = certified;
    this.#segments = segmentsOf(certified);
    for (const { digest, rows } of this.#segments) {
      this.#most.set(digest, Math.max(this.#most.get(digest) ?? 0, rows * ROW_DIGEST_BYTES));
    }
    this.inOrder = this.#segments.map((segment) => ({
      owner: segment.owner,
      succeeds: certified[segment.owner]?.succeeds,
      read: () => this.#open(segment, read),
      prepare: () => this.#prepare(segment, read),
    }));
  }

  #prepare({ digest, rows }: Segment, read: ReadSegment | undefined): void {
    if (read === undefined || this.#lengths.has(digest) || this.#ahead.has(digest)) return;
    const list = read(digest, this.#most.get(digest) ?? rows * ROW_DIGEST_BYTES);
    // Who asks for it hears of a failure; perhaps nobody does.
    list.catch(() => undefined);
    this.#ahead.set(digest, list);
  }

  async #open(segment: Segment, read: ReadSegment | undefined): Promise<Uint8Array | null> {
    if (this.#faults.has(segment)) return null;
    const bytes = segment.rows * ROW_DIGEST_BYTES;
    const list = await this.#readOnce(segment.digest, bytes, read);
    const length = this.#lengths.get(segment.digest) ?? null;
    const fault =
      length === null
        ? 'is not at hand'
        : list === null || length !== bytes
          ? `has ${length} bytes, ${bytes} are due`
          : (list instanceof HashedBytes ? list : new HashedBytes(list)).digest === segment.digest
            ? null
            : 'hashes to something else';
    if (fault === null) this.#read.add(segment);
    else this.#faults.set(segment, fault);
    return fault === null && list !== null ? bytesOf(list) : null;
  }

  /** A list, unless it is known to have another length: whoever names one with many counts does not have it read for each. */
  async #readOnce(digest: Digest, bytes: number, read: ReadSegment | undefined): ReturnType<ReadSegment> {
    const known = this.#lengths.get(digest);
    if (known !== undefined && known !== bytes) return null;
    const ahead = this.#ahead.get(digest);
    this.#ahead.delete(digest);
    const list = (await (ahead ?? read?.(digest, known ?? this.#most.get(digest) ?? bytes))) ?? null;
    this.#lengths.set(digest, list === null ? null : bytesOf(list).length);
    return list;
  }

  /** Says, of the lists that were asked for, which proved themselves and which could not be used. */
  report(findings: Findings): void {
    for (const [{ digest, rows, owner }, fault] of this.#faults) {
      const detail = `the row-digest list ${digest} ${fault}: ${rows} rows count as uncertified`;
      findings.add('content.rows', 'warn', detail, this.#certified[owner]?.record.id);
    }
    if (this.#faults.size > 0) return;
    findings.add('content.rows', 'pass', `row-digest lists that match their manifests: ${this.#read.size}`);
  }
}

const bytesOf = (list: Uint8Array | HashedBytes): Uint8Array => (list instanceof HashedBytes ? list.bytes : list);

/** Every segment, each once: for the first that has it, or its newest version that does. */
function segmentsOf(certified: readonly Certified[]): Segment[] {
  const segments = new Map<string, Segment>();
  for (const [owner, { content, succeeds }] of certified.entries()) {
    for (const { rows } of content.files) {
      for (const [i, digest] of (rows?.digests ?? []).entries()) {
        const count = Math.min(limits.segmentRows, (rows?.count ?? 0) - i * limits.segmentRows);
        const key = `${digest} ${count}`;
        const known = segments.get(key);
        if (known === undefined) segments.set(key, { digest, rows: count, owner });
        else if (succeeds?.has(known.owner) === true) known.owner = owner;
      }
    }
  }
  return [...segments.values()];
}
