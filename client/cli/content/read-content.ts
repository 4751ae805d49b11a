import type { ContentFile } from '../../content/content-file.ts';
import { mediaTypeOf } from '../../content/media-type.ts';
import type { Cli } from '../context.ts';
import { speedBar, type SpeedBar } from '../progress.ts';
import { digestCacheDir } from '../paths.ts';
import { text } from '../terminal.ts';
import { DigestCache } from './digest-cache.ts';
import { ContentHasher } from './hash-content.ts';
import { rowDigestsIn, SpoolFolder } from './spool.ts';
import type { OnProgress, SpooledFile } from './hash-spooled.ts';
import { findContent, type FoundFile } from './walk.ts';

/** The content at a path, hashed. Its row digests are on disk until it is disposed of: hold it with `using`. */
export interface Content extends Disposable {
  isFolder: boolean;
  files: ContentFile[];
}

type Reading = Pick<Cli, 'env' | 'now' | 'options' | 'out'>;

/** Lists and hashes a folder or a file, with a progress bar where somebody watches. */
export async function readContent(cli: Reading, path: string): Promise<Content> {
  const folder = new SpoolFolder();
  // What is hashed before it is known how much there is.
  const early = { bytes: 0, rows: 0 };
  let bar: SpeedBar | null = null;
  try {
    await using hasher = new ContentHasher(folder, (bytes, rows) => {
      if (bar !== null) return bar.add(bytes, rows);
      early.bytes += bytes;
      early.rows += rows;
    });
    const cache = cacheOf(cli);
    const { isFolder, files, skipped } = await findContent(path, (file) => {
      if (cache?.keeps(file) !== true) hasher.add(file);
    });
    if (skipped.length > 0) {
      const named = skipped.slice(0, 5).join(', ');
      cli.out.note(text`note: ${skipped.length} not counted as content: ${named}${skipped.length > 5 ? ', …' : ''}`);
    }
    const total = files.reduce((sum, file) => sum + file.bytes, 0);
    bar = speedBar(cli, 'hashing', total);
    bar?.add(early.bytes, early.rows);
    const hashed = await hashRest(files, hasher, folder, cache, (bytes, rows) => bar?.add(bytes, rows));
    return {
      isFolder,
      files: files.map((file) => {
        const { list, ...digests } = hashed.get(file) as SpooledFile;
        const rowDigests = list === null ? null : rowDigestsIn(list);
        return { path: file.path, mediaType: mediaTypeOf(file.path), ...digests, rowDigests };
      }),
      [Symbol.dispose]: () => folder[Symbol.dispose](),
    };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  } finally {
    bar?.stop();
  }
}

const cacheOf = ({ env, options }: Reading): DigestCache | null =>
  options.cache === false || (env['FIRSTHAND_NO_CACHE'] ?? '') !== '' ? null : new DigestCache(digestCacheDir(env));

/** Looks up what the cache may know, has the hasher take what it does not, and waits for all that the hasher has. */
export async function hashRest(
  files: readonly FoundFile[],
  hasher: ContentHasher,
  folder: SpoolFolder,
  cache: DigestCache | null,
  onProgress: OnProgress = () => {},
): Promise<ReadonlyMap<FoundFile, SpooledFile>> {
  if (cache === null) return hasher.end();
  const known = new Map<FoundFile, SpooledFile>();
  const identities = new Map<FoundFile, string | null>();
  for (const file of files) {
    if (!cache.keeps(file)) continue;
    const identity = await cache.identify(file);
    const recalled = await cache.recall(file, identity, folder);
    if (recalled === null) {
      identities.set(file, identity);
      hasher.add(file);
    } else {
      known.set(file, recalled);
      onProgress(recalled.bytes, recalled.rows?.count ?? 0);
    }
  }
  const hashed = await hasher.end();
  for (const [file, identity] of identities) await cache.keep(file, identity, hashed.get(file) as SpooledFile);
  return new Map([...hashed, ...known]);
}
