import type { ManifestFile } from '../../../schemas/manifest.ts';
import type { Cli } from '../context.ts';
import { progressBar } from '../progress.ts';
import { text } from '../terminal.ts';
import { hashContent } from './hash-content.ts';
import { mediaTypeOf } from './media-type.ts';
import { findContent } from './walk.ts';

/** The content at a path, hashed. */
export interface Content {
  isFolder: boolean;
  files: ManifestFile[];
}

/** Lists and hashes a folder or a file, with a progress bar where somebody watches. */
export async function readContent(cli: Cli, path: string): Promise<Content> {
  const { isFolder, files, skipped } = await findContent(path);
  if (skipped.length > 0) {
    const named = skipped.slice(0, 5).join(', ');
    cli.out.note(text`note: ${skipped.length} not counted as content: ${named}${skipped.length > 5 ? ', …' : ''}`);
  }
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const bar = progressBar(cli, 'hashing', total);
  try {
    const hashed = await hashContent(files, (bytes) => bar?.increment(bytes));
    return {
      isFolder,
      files: files.map(({ path: name }, i) => ({
        path: name,
        mediaType: mediaTypeOf(name),
        ...(hashed[i] as (typeof hashed)[number]),
      })),
    };
  } finally {
    bar?.stop();
  }
}
