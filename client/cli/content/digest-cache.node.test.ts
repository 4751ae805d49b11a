import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../../protocol/bytes.ts';
import type { CommonOptions } from '../context.ts';
import { createOutput } from '../output.ts';
import { temporaryFolder } from '../testing/run-cli.ts';
import { DigestCache, type CacheOptions } from './digest-cache.ts';
import { isOnHonestDisk } from './file-identity.ts';
import type { SpooledFile } from './hash-spooled.ts';
import { ContentHasher, hashContent } from './hash-content.ts';
import { hashRest, readContent } from './read-content.ts';
import { rowDigestsIn, SpoolFolder } from './spool.ts';
import type { FoundFile } from './walk.ts';

const ROWS = '{"a":1}\n{"a":2}\nnope\n';
const MINUTES = 60_000;

/** A file, and a cache to which it has been as it is for minutes. */
function arrange(options: CacheOptions = {}) {
  const home = temporaryFolder();
  const location = join(home, 'a.jsonl');
  writeFileSync(location, ROWS);
  const file: FoundFile = { path: 'a.jsonl', location, bytes: ROWS.length };
  const folder = join(home, 'cache', 'digests');
  const isHonest = (): Promise<boolean> => Promise.resolve(true);
  const cache = new DigestCache(folder, { leastBytes: 0, now: () => Date.now() + 2 * MINUTES, isHonest, ...options });
  const entry = (): string => join(folder, readdirSync(folder)[0] as string);
  return { cache, file, folder, entry };
}

type Result = Omit<SpooledFile, 'list'> & { digests: Uint8Array | null };

async function result({ list, ...hashed }: SpooledFile): Promise<Result> {
  if (list === null) return { ...hashed, digests: null };
  const pieces: Uint8Array[] = [];
  for await (const piece of rowDigestsIn(list).read()) pieces.push(piece.slice());
  return { ...hashed, digests: concatBytes(...pieces) };
}

async function hash(file: FoundFile, cache: DigestCache | null): Promise<Result> {
  using folder = new SpoolFolder();
  await using hasher = new ContentHasher(folder);
  if (cache?.keeps(file) !== true) hasher.add(file);
  return await result((await hashRest([file], hasher, folder, cache)).get(file) as SpooledFile);
}

async function recall(file: FoundFile, cache: DigestCache): Promise<Result | null> {
  using folder = new SpoolFolder();
  const known = await cache.recall(file, await cache.identify(file), folder);
  return known === null ? null : await result(known);
}

test('a file that is as it was is not hashed again, and gives the same', async () => {
  const { cache, file, folder, entry } = arrange();
  expect(await recall(file, cache)).toBeNull();
  const first = await hash(file, cache);
  expect(first).toEqual(await hash(file, null));
  expect(await recall(file, cache)).toEqual(first);
  expect(await hash(file, cache)).toEqual(first);
  expect(readdirSync(folder)).toHaveLength(1);
  expect([statSync(folder).mode & 0o777, statSync(entry()).mode & 0o777]).toEqual([0o700, 0o600]);
});

describe('a file is hashed again', () => {
  const other = ROWS.replace('1', '3');
  test.for<readonly [name: string, change: (location: string) => void]>([
    ['that was changed', (location) => writeFileSync(location, `${ROWS}{}\n`)],
    ['that was touched', (location) => utimesSync(location, 1, 1)],
    [
      'that has other content of the same size and time',
      (location) => {
        const { atime, mtime } = statSync(location);
        writeFileSync(location, other);
        utimesSync(location, atime, mtime);
      },
    ],
    [
      'whose place another has taken, of the same size and time',
      (location) => {
        const { atime, mtime } = statSync(location);
        writeFileSync(`${location}.new`, other);
        utimesSync(`${location}.new`, atime, mtime);
        renameSync(`${location}.new`, location);
      },
    ],
  ])('%s', async ([, change]) => {
    const { cache, file } = arrange();
    await hash(file, cache);
    change(file.location);
    expect(await recall(file, cache)).toBeNull();
    const now = { ...file, bytes: statSync(file.location).size };
    expect(await hash(now, cache)).toEqual(await hash(now, null));
  });

  test('whose name says now that it has other rows', async () => {
    const { cache, file } = arrange();
    await hash(file, cache);
    expect(await recall({ ...file, path: 'a.csv' }, cache)).toBeNull();
  });
});

test('an entry with any damage is none, and replaced', async () => {
  const { cache, file, entry } = arrange();
  const first = await hash(file, cache);
  const good = readFileSync(entry());
  for (const at of [0, 63, 64, 90, good.length - 40, good.length - 1]) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] as number) ^ 1;
    for (const content of [bad, good.subarray(0, at), Buffer.concat([good, good])]) {
      writeFileSync(entry(), content);
      expect(await recall(file, cache)).toBeNull();
    }
  }
  expect(await hash(file, cache)).toEqual(first);
  expect(readFileSync(entry())).toEqual(good);
});

describe('nothing is kept', () => {
  const kept = async (options: CacheOptions): Promise<boolean> => {
    const { cache, file, folder } = arrange(options);
    await hash(file, cache);
    return statSync(folder, { throwIfNoEntry: false }) !== undefined;
  };

  test('of a file that changed just now, is small, or lies where times mean nothing', async () => {
    expect(await kept({})).toBe(true);
    expect(await kept({ now: Date.now })).toBe(false);
    expect(await kept({ leastBytes: 1000 })).toBe(false);
    expect(await kept({ isHonest: () => Promise.resolve(false) })).toBe(false);
  });

  test('of a file that changed while it was hashed', async () => {
    const { cache, file, folder } = arrange();
    using spool = new SpoolFolder();
    const identity = await cache.identify(file);
    const [hashed] = await hashContent([file], spool);
    writeFileSync(file.location, ROWS);
    await cache.keep(file, identity, hashed as SpooledFile);
    expect(statSync(folder, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('in a folder that others write to, or that is none', async () => {
    const { cache, file, folder } = arrange();
    await hash(file, cache);
    chmodSync(folder, 0o777);
    expect(await recall(file, cache)).toBeNull();
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    expect(await hash(file, cache)).toEqual(await hash(file, null));
  });
});

test('what was used last stays, within the bound', async () => {
  const { cache, file, folder } = arrange({ mostBytes: 3 * 65_536 });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = [0, 1, 2, 3].map((i) => ({ ...file, location: `${file.location}.${i}` }));
  for (const [i, each] of files.entries()) {
    writeFileSync(each.location, ROWS);
    await hash(each, cache);
    for (const name of readdirSync(folder)) {
      if (statSync(join(folder, name)).mtimeMs > 1e6) utimesSync(join(folder, name), i, i);
    }
  }
  const known = await Promise.all(files.map((each) => recall(each, cache)));
  expect(known.map((each) => each !== null)).toEqual([false, false, true, true]);
});

test('runs at the same time do not disturb one another', async () => {
  const { cache, file, folder } = arrange();
  const expected = await hash(file, null);
  const all = await Promise.all(Array.from({ length: 8 }, () => hash(file, cache)));
  for (const each of all) expect(each).toEqual(expected);
  expect(await recall(file, cache)).toEqual(expected);
  expect(readdirSync(folder)).toHaveLength(1);
});

// More than a mebibyte, and older than a minute.
const OLD_FILE = fileURLToPath(new URL('../../../node_modules/better-sqlite3/deps/sqlite3/sqlite3.c', import.meta.url));

test.runIf(await isOnHonestDisk(OLD_FILE))('the command keeps one, unless told not to', async () => {
  const home = temporaryFolder();
  const entries = join(home, 'firsthand', 'digests');
  const run = async (options: CommonOptions, env: Record<string, string>): Promise<boolean> => {
    const out = createOutput(process.stdout, process.stderr, { json: true, env: {} });
    const cli = { options, env: { XDG_CACHE_HOME: home, ...env }, out, now: Date.now };
    using content = await readContent(cli, OLD_FILE);
    expect(content.files).toHaveLength(1);
    return statSync(entries, { throwIfNoEntry: false }) !== undefined;
  };
  expect(await run({ cache: false }, {})).toBe(false);
  expect(await run({}, { FIRSTHAND_NO_CACHE: '1' })).toBe(false);
  expect(await run({}, {})).toBe(true);
});
