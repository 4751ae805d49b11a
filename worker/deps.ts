import type { Context } from 'hono';
import type { Did, Digest } from '../schemas/primitives.ts';
import type { Bytes } from '../protocol/bytes.ts';
import type { Signer } from '../protocol/ed25519/signer.ts';
import type { VerifySignature } from '../protocol/ed25519/verify.ts';
import type { VerifierKey } from '../protocol/log/note.ts';
import type { Content, ContentBlock, ContentSummary } from '../protocol/manifest.ts';
import type { Database } from './database/port.ts';
import type { Growth } from './changes/growth.ts';
import type { Env } from './http/env.ts';
import type { Submit } from './statements/submit.ts';

/** A stored blob, or a part of it. */
interface StoredBlob {
  /** Bytes of the whole. */
  size: number;
  body: ReadableStream<Uint8Array>;
}

/** Immutable bytes by digest. */
export interface Blobs {
  /**
   * Stores a stream of `length` bytes if it hashes to `digest`. Durable when it resolves; nothing is kept of a stream
   * that breaks off or hashes to something else.
   */
  put(digest: Digest, body: ReadableStream<Uint8Array>, length: number): Promise<'stored' | 'mismatch'>;
  size(digest: Digest): Promise<number | null>;
  /** Forgets a blob, durably when it resolves; nothing happens where there is none. */
  delete(digest: Digest): Promise<void>;
  /** The bytes `[offset, offset + length)`, the whole unless given. */
  get(digest: Digest, range?: { offset: number; length: number }): Promise<StoredBlob | null>;
}

/** Which manifests hold which files and rows: what the stored bytes say, whoever names them. */
export interface ContentIndex {
  /** Remembers what a blob that was read as a manifest lists; null if it is none. Safe to repeat. */
  add(manifest: Digest, content: Content | null): Promise<void>;
  /** Forgets a manifest that lists these files (lowercase hex). Safe to repeat. */
  remove(manifest: Digest, files: readonly string[]): Promise<void>;
  /** Those of these blobs that were added, in whole. */
  has(manifests: readonly Digest[]): Promise<Set<Digest>>;
  /**
   * The manifests that list these files, or have proven lists of these rows, at most `each` for one of either. Digests
   * are 64 lowercase hex digits each, one after the other. A row's answer is a hint: it goes by a part of its digest.
   */
  find(digests: string, each: number): Promise<Found[]>;
  /**
   * The manifests that name a segment of a row-digest list, and the rows that it has by them: those that say it has
   * `rows`, unless that is null; the newest 100.
   */
  namesOf(segment: Digest, rows: number | null): Promise<{ manifest: ContentSummary; rows: number }[]>;
  /** Hears that a blob of so many bytes is stored, in case it is a segment that was missing. */
  stored(blob: Digest, bytes: number): Promise<void>;
  /** Places where a row may be: its segment (with the row's place in it) in a proven file of a manifest; 100 at most. */
  placesOf(row: Digest): Promise<RowPlace[]>;
  /** What the proof of a row in this place is made of. */
  pathOf(place: RowPlace): Promise<RowPath>;
  /** Does a part of removing what no manifest names any more; answers whether it found anything to do. */
  removeRows(blobs: Pick<Blobs, 'get' | 'delete'>, isNamed: (blob: Digest) => Promise<boolean>): Promise<boolean>;
  /** How far the index is: the log index up to which records were gone through, and rows that wait for their turn. */
  watermark(): Promise<{ through: number; pendingRows: number }>;
  /** Moves the watermark, if it is still where it was. */
  advance(from: number, through: number): Promise<void>;
}

/** A manifest, and the places of the digests that it has among those asked for. */
export interface Found {
  manifest: ContentSummary;
  places: number[];
}

/** Where the index has a row. */
export interface RowPlace {
  manifest: ContentSummary;
  /** The file's line in the manifest, whose header is line 0, and its number of rows. */
  line: number;
  rows: number;
  /** The segment, which of the file's it is, and the row's place in it. */
  segment: Digest;
  number: number;
  row: number;
}

/** Roots of the blocks of a segment, and of the segments of its file, and the blocks of the manifest, in order. */
export interface RowPath {
  blocks: Bytes[];
  segments: Bytes[];
  lines: ContentBlock[];
}

/** Judges the datasets whose rights are due, and fills the content index, in the background. */
export interface Indexer {
  /** Has what is pending indexed, soon. Resolves once that is arranged, which need not be when it is done. */
  wake(): Promise<void>;
}

/** Whether a key may spend `cost` now. */
export type Limiter = (key: string, cost: number) => Promise<boolean>;

/** One structured line: what happened, never a body, an address or a name. */
export type Log = (event: Record<string, string | number | boolean | undefined>) => void;

/** The files of the API viewer. */
type Assets = (file: string) => Promise<Response | null>;

/** Everything the API needs from where it runs. */
export interface Deps {
  database: Database;
  blobs: Blobs;
  contentIndex: ContentIndex;
  indexer: Indexer;
  submit: Submit;
  /** Where requests wait for the log to grow. */
  growth: Growth;
  /** Signs status lists; a key of its own. */
  service: Signer;
  logKey: VerifierKey;
  verify: VerifySignature;
  /** By network, of reads that cost. */
  readLimiter: Limiter;
  /** Where a request comes from, as the platform knows it; null where it does not, or where that is this machine itself. */
  addressOf(c: Context<Env>): string | null;
  /** Milliseconds since the epoch. */
  now(): number;
  log: Log;
  assets: Assets;
  /** The operator, once entry 0 is logged; logs it where the platform starts lazily. */
  operator(): Promise<Did>;
}
