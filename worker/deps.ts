import type { Did, Digest } from '../schemas/primitives.ts';
import type { Signer } from '../protocol/ed25519/signer.ts';
import type { VerifySignature } from '../protocol/ed25519/verify.ts';
import type { VerifierKey } from '../protocol/log/note.ts';
import type { Content, ContentSummary } from '../protocol/manifest.ts';
import type { CheckStatements } from './admission/check.ts';
import type { Database } from './database/port.ts';
import type { Growth } from './changes/growth.ts';
import type { Sequencer } from './log/sequencer.ts';

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

/** Which manifests list which file: what the stored bytes say, whoever names them. */
export interface ContentIndex {
  /** Remembers what a blob that was read as a manifest lists; null if it is none. Safe to repeat. */
  add(manifest: Digest, content: Content | null): Promise<void>;
  /** Forgets a manifest that lists these files (lowercase hex). Safe to repeat. */
  remove(manifest: Digest, files: readonly string[]): Promise<void>;
  /** Whether the blob was added, in whole. */
  has(manifest: Digest): Promise<boolean>;
  /** The manifests that list these files (lowercase hex), at most `each` for one file. */
  find(files: readonly string[], each: number): Promise<{ file: string; manifest: ContentSummary }[]>;
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
  sequencer: Sequencer;
  /** Where requests wait for the log to grow. */
  growth: Growth;
  /** Signs status lists; a key of its own. */
  service: Signer;
  logKey: VerifierKey;
  verify: VerifySignature;
  check: CheckStatements;
  limiter: Limiter;
  /** Milliseconds since the epoch. */
  now(): number;
  log: Log;
  assets: Assets;
  /** The operator, once entry 0 is logged; logs it where the platform starts lazily. */
  operator(): Promise<Did>;
}
