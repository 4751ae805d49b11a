import type { Digest } from '../../../schemas/primitives.ts';
import { findFile, indexFiles, type DeclaredFile } from '../../import/distribution.ts';
import { explain } from '../content/explain.ts';
import { hashFile } from '../content/hash-file.ts';
import { findContent, type FoundFile } from '../content/walk.ts';
import type { Cli } from '../context.ts';
import { speedBar } from '../progress.ts';

/** What a declared file is beside those at hand. */
export interface ComparedFile {
  /** Where in the metadata, and its name there. */
  path: string;
  name: string;
  outcome: 'match' | 'differs' | 'absent' | 'contained' | 'no-sha256' | 'not-a-sha256';
  sha256?: Digest;
  /** The file at hand, and what it hashes to. */
  file?: string;
  found?: Digest;
}

/**
 * Holds declared digests against the files at a path. Names from the metadata are looked up among the files there, and open
 * nothing. Only files that have a digest to be held against are hashed.
 */
export async function compareFiles(
  cli: Pick<Cli, 'out' | 'now'>,
  path: string,
  declared: readonly DeclaredFile[],
): Promise<ComparedFile[]> {
  const index = indexFiles(declared.length === 0 ? [] : (await findContent(path)).files);
  const matched = declared.map((file) => ({ file, at: findFile(file, index) }));
  const hashed = await hashEach(
    cli,
    new Set(matched.flatMap(({ file, at }) => (file.sha256 !== null && at ? [at] : []))),
  );
  return matched.map(({ file: { path, name, sha256, isContained, isDigestInvalid }, at }) => {
    const found = at === null ? undefined : hashed.get(at);
    const of = { path, name, ...(sha256 === null ? {} : { sha256 }), ...(at === null ? {} : { file: at.path }) };
    if (isContained) return { ...of, outcome: 'contained' };
    if (sha256 === null) return { ...of, outcome: isDigestInvalid ? 'not-a-sha256' : 'no-sha256' };
    if (found === undefined) return { ...of, outcome: 'absent' };
    return { ...of, found, outcome: found === sha256 ? 'match' : 'differs' };
  });
}

async function hashEach(cli: Pick<Cli, 'out' | 'now'>, files: ReadonlySet<FoundFile>): Promise<Map<FoundFile, Digest>> {
  const digests = new Map<FoundFile, Digest>();
  const total = [...files].reduce((sum, { bytes }) => sum + bytes, 0);
  const bar = speedBar(cli, 'comparing', total);
  try {
    for (const file of files) {
      const { sha256 } = await hashFile(file.location, { onBytes: (bytes) => bar?.add(bytes, 0) });
      digests.set(file, `sha256:${sha256}` as Digest);
    }
    return digests;
  } catch (error) {
    throw explain(error);
  } finally {
    bar?.stop();
  }
}
