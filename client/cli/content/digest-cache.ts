import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, lstat, mkdir, open, readdir, rm, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { ManifestRows } from '../../../schemas/manifest.ts';
import { ROW_DIGEST_BYTES } from '../../../protocol/rows/row-digests.ts';
import { rowSourceOf } from '../../../protocol/rows/row-source.ts';
import { writeDurably } from '../durable-file.ts';
import { identify, isOnHonestDisk } from './file-identity.ts';
import type { SpooledFile } from './hash-spooled.ts';
import { rowDigestsIn, type SpoolFolder } from './spool.ts';
import type { FoundFile } from './walk.ts';

/** Another number whenever a row is addressed otherwise, or an entry is written otherwise. */
const VERSION = 2;
/** Before its row digests an entry has its checksum and its header, in so many bytes. */
const HEADER_BYTES = 64 * 1024;
const CHECKSUM_BYTES = 64;
const TEMPORARY = /\.tmp$/;
const AN_HOUR = 3_600_000;

const Header = z.strictObject({
  version: z.literal(VERSION),
  identity: z.string(),
  source: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  rows: ManifestRows.optional(),
});

export interface CacheOptions {
  /** Smaller files are hashed sooner than they are looked up. */
  leastBytes?: number;
  /** Of all entries together; those that were used last stay. */
  mostBytes?: number;
  now?: () => number;
  /** Whether the times of files there can be relied on. */
  isHonest?: (location: string) => Promise<boolean>;
}

/** A file that is hashed now, and what it was when that began; null where it is not to be kept. */
type Identity = string | null;

/**
 * What files were hashed to before, with the digests of their rows: an entry for each path, of a file that is the same to the
 * nanosecond of its last change (docs/decisions/0027). An entry that is damaged is none. Nothing about the cache is an
 * error: without it, files are hashed.
 */
export class DigestCache {
  readonly #folder: string;
  readonly #options: Required<CacheOptions>;

  constructor(folder: string, options: CacheOptions = {}) {
    this.#folder = folder;
    this.#options = { leastBytes: 2 ** 20, mostBytes: 2 ** 31, now: Date.now, isHonest: isOnHonestDisk, ...options };
  }

  /** Whether a file of that size is looked up and kept at all. */
  keeps({ bytes }: FoundFile): boolean {
    return bytes >= this.#options.leastBytes;
  }

  /** What tells later whether the file is as it is now. */
  async identify(file: FoundFile): Promise<Identity> {
    const { now, isHonest } = this.#options;
    if (!this.keeps(file) || !(await isHonest(file.location))) return null;
    return identify(file.location, now());
  }

  /** What the file was hashed to, with its row digests copied into `folder`; null where that is not known. */
  async recall(file: FoundFile, identity: Identity, folder: SpoolFolder): Promise<SpooledFile | null> {
    if (identity === null) return null;
    const entry = this.#entryOf(file);
    const copy = join(folder.path, `cached-${entryName(file)}`);
    try {
      if (!(await this.#isOurs())) return null;
      // A copy: nobody changes or drops it between its checksum and its use.
      await copyFile(entry, copy);
      const found = await readEntry(copy, identity, sourceOf(file));
      if (found !== null) await utimes(entry, new Date(), new Date());
      return found;
    } catch {
      return null;
    }
  }

  /** Keeps what a file was hashed to, if it is still the one that was identified before. */
  async keep(file: FoundFile, identity: Identity, hashed: SpooledFile): Promise<void> {
    if (identity === null || identity !== (await this.identify(file))) return;
    const { list, ...digests } = hashed;
    const size = HEADER_BYTES + (list?.count ?? 0) * ROW_DIGEST_BYTES;
    const header = JSON.stringify({ version: VERSION, identity, source: sourceOf(file), ...digests });
    if (size > this.#options.mostBytes / 2 || header.length > HEADER_BYTES - CHECKSUM_BYTES) return;
    const padded = Buffer.from(header)
      .toString()
      .padEnd(HEADER_BYTES - CHECKSUM_BYTES);
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(padded);
      if (list !== null) yield* rowDigestsIn(list).read();
    };
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      if (!(await this.#isOurs())) return;
      const checksum = createHash('sha256');
      for await (const piece of body()) checksum.update(piece);
      const whole = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from(checksum.digest('hex'));
        yield* body();
      };
      await writeDurably(this.#entryOf(file), whole(), { mode: 0o600 });
      await this.#trim();
    } catch {
      // The disk may be full, or not ours to write to.
    }
  }

  #entryOf(file: FoundFile): string {
    return join(this.#folder, entryName(file));
  }

  /** Whether nobody else could have written what is in there. */
  async #isOurs(): Promise<boolean> {
    const stat = await lstat(this.#folder);
    return stat.isDirectory() && stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;
  }

  /** Drops what was not used for longest, and what a run that was ended has left. */
  async #trim(): Promise<void> {
    const names = await readdir(this.#folder);
    const entries = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#folder, name);
        return { path, stat: await lstat(path).catch(() => null) };
      }),
    );
    let total = 0;
    for (const { path, stat } of entries.toSorted((a, b) => (b.stat?.mtimeMs ?? 0) - (a.stat?.mtimeMs ?? 0))) {
      if (stat === null) continue;
      const isLeft = TEMPORARY.test(path) && stat.mtimeMs < Date.now() - AN_HOUR;
      total += stat.size;
      if (isLeft || total > this.#options.mostBytes) await rm(path, { force: true });
    }
  }
}

const entryName = ({ location }: FoundFile): string => createHash('sha256').update(resolve(location)).digest('hex');

/** How its rows are read, which follows from its name. */
const sourceOf = ({ path }: FoundFile): string => JSON.stringify(rowSourceOf(path));

/** An entry, where all of it is what was written, and of this very file. */
async function readEntry(path: string, identity: string, source: string): Promise<SpooledFile | null> {
  const checksum = createHash('sha256');
  for await (const piece of createReadStream(path, { start: CHECKSUM_BYTES })) checksum.update(piece as Buffer);
  const head = Buffer.alloc(HEADER_BYTES);
  const file = await open(path, 'r');
  try {
    await file.read(head, 0, HEADER_BYTES, 0);
    if (head.toString('latin1', 0, CHECKSUM_BYTES) !== checksum.digest('hex')) return null;
    const { version: _, ...header } = Header.parse(JSON.parse(head.toString('utf8', CHECKSUM_BYTES)));
    if (header.identity !== identity || header.source !== source) return null;
    const { bytes, sha256, rows } = header;
    const count = rows?.count ?? 0;
    if ((await file.stat()).size !== HEADER_BYTES + count * ROW_DIGEST_BYTES) return null;
    const list = rows === undefined ? null : { spool: path, offset: HEADER_BYTES, count };
    return { bytes, sha256, ...(rows === undefined ? {} : { rows }), list };
  } finally {
    await file.close();
  }
}
