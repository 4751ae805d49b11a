import type { ContentFile } from '../../content/content-file.ts';
import { mediaTypeOf } from '../../content/media-type.ts';
import type { Cli } from '../context.ts';
import { speedBar } from '../progress.ts';
import { digestCacheDir } from '../paths.ts';
import { text } from '../terminal.ts';
import { DigestCache } from './digest-cache.ts';
import { hashContent } from './hash-content.ts';
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
  const { isFolder, files, skipped } = await findContent(path);
  if (skipped.length > 0) {
    const named = skipped.slice(0, 5).join(', ');
    cli.out.note(text`note: ${skipped.length} not counted as content: ${named}${skipped.length > 5 ? ', …' : ''}`);
  }
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const bar = speedBar(cli, 'hashing', total);
  const folder = new SpoolFolder();
  try {
    const hashed = await hashOnce(files, folder, cacheOf(cli), (bytes, rows) => bar?.add(bytes, rows));
    return {
      isFolder,
      files: hashed.map(({ list, ...file }, i) => {
        const name = (files[i] as (typeof files)[number]).path;
        const rowDigests = list === null ? null : rowDigestsIn(list);
        return { path: name, mediaType: mediaTypeOf(name), ...file, rowDigests };
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

/** Hashes what the cache does not know. Answers in the order given. */
export async function hashOnce(
  files: readonly FoundFile[],
  folder: SpoolFolder,
  cache: DigestCache | null,
  onProgress: OnProgress = () => {},
): Promise<SpooledFile[]> {
  if (cache === null) return hashContent(files, folder, onProgress);
  const hashed: (SpooledFile | null)[] = [];
  const open: { file: FoundFile; at: number; identity: string | null }[] = [];
  for (const [at, file] of files.entries()) {
    const identity = await cache.identify(file);
    const known = await cache.recall(file, identity, folder);
    hashed.push(known);
    if (known === null) open.push({ file, at, identity });
    else onProgress(known.bytes, known.rows?.count ?? 0);
  }
  const fresh = await hashContent(
    open.map(({ file }) => file),
    folder,
    onProgress,
  );
  for (const [i, { file, at, identity }] of open.entries()) {
    const digests = fresh[i] as SpooledFile;
    hashed[at] = digests;
    await cache.keep(file, identity, digests);
  }
  return hashed as SpooledFile[];
}
