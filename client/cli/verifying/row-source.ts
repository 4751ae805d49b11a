import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../../schemas/primitives.ts';
import { HashedBytes, type ReadSegment } from '../../../protocol/verify/row-lists.ts';
import { servedAnother } from '../../answers.ts';
import { RegistryError } from '../../errors.ts';
import type { RegistryClient } from '../../registry-client.ts';
import { SpoolFolder } from '../content/spool.ts';
import { savedSegment } from './saved.ts';

/** Bytes of row-digest lists that are kept in memory while a verification runs, and on disk; what is more is fetched for every pass. */
const HELD_BYTES = 64 * 2 ** 20;
const KEPT_BYTES = 8 * 2 ** 30;

/** Row-digest lists, from what was saved or from a registry: only as asked for, each fetched once. */
export class RowSource implements Disposable {
  readonly #folders: readonly string[];
  readonly #client: RegistryClient | null;
  /** Each that was fetched, or where it is; null where there is none. What is being written is not waited for. */
  readonly #kept = new Map<Digest, HashedBytes | Promise<string> | null>();
  #spool: SpoolFolder | null = null;
  #toHold = HELD_BYTES;
  #toKeep = KEPT_BYTES;
  #isOver = false;

  constructor(folders: readonly string[], client: RegistryClient | null) {
    this.#folders = folders;
    this.#client = client;
  }

  readonly read: ReadSegment = async (digest, bytes) =>
    (await savedSegment(this.#folders, digest, bytes)) ?? (await this.#fetch(digest));

  async #fetch(digest: Digest): ReturnType<ReadSegment> {
    const kept = this.#kept.get(digest);
    if (kept !== undefined) return kept instanceof Promise ? readFile(await kept) : kept;
    if (this.#client === null) return null;
    try {
      // Whatever its size: a manifest that says another is no reason to give up on all the others.
      const segment = new HashedBytes(await this.#client.servedBlob(digest));
      if (segment.digest !== digest) throw servedAnother(digest);
      this.#keep(segment);
      return segment;
    } catch (error) {
      // Not uploaded: the report says which list is not at hand.
      if (!(error instanceof RegistryError) || error.status !== 404) throw error;
      this.#kept.set(digest, null);
      return null;
    }
  }

  #keep(segment: HashedBytes): void {
    const { digest, bytes } = segment;
    // What was fetched ahead may come when nobody wants it any more.
    if (this.#isOver) return;
    if (bytes.length <= this.#toHold) {
      this.#toHold -= bytes.length;
      this.#kept.set(digest, segment);
      return;
    }
    this.#toKeep -= bytes.length;
    if (this.#toKeep < 0) return;
    this.#spool ??= new SpoolFolder();
    const file = join(this.#spool.path, randomBytes(8).toString('hex'));
    const kept = writeFile(file, bytes, { mode: 0o600 }).then(() => file);
    // A full disk matters to whoever needs it again, if anybody does.
    kept.catch(() => undefined);
    this.#kept.set(digest, kept);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#spool?.[Symbol.dispose]();
  }
}
