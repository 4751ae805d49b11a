import { lstat, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import { isAbsent } from './bounded-file.ts';
import { CliError } from './cli-error.ts';

/** Where Firsthand keeps its files of one dataset: inside a folder, beside a single file. */
export interface DatasetFiles {
  /** The record's metadata, written by a person. */
  metadata: string;
  /** What publishing saves, in a folder of its own. */
  folder: string;
  statement: string;
  manifest: string;
  certificate: string;
}

export function datasetFiles(path: string, isFolder: boolean): DatasetFiles {
  const folder = isFolder ? join(path, '.firsthand') : `${path}.firsthand`;
  return {
    metadata: isFolder ? join(path, 'firsthand.yaml') : `${path}.firsthand.yaml`,
    folder,
    statement: join(folder, 'statement.json'),
    manifest: join(folder, 'manifest.jsonl'),
    certificate: join(folder, 'certificate.json'),
  };
}

/**
 * Where manifests and segments of row-digest lists lie beside a certificate that they belong to. They go by their digests, so
 * those of many records share a folder.
 */
export const manifestIn = (folder: string, digest: Digest): string =>
  join(folder, 'manifests', `${hexOf(digest)}.jsonl`);
export const rowsIn = (folder: string, digest: Digest): string => join(folder, 'rows', `${hexOf(digest)}.rows`);
export const certificateIn = (folder: string, record: StatementId): string => join(folder, `${hexOf(record)}.json`);

const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);

/** The files of a single file inside a published folder lie with that folder. */
export const enclosingFiles = (file: string): DatasetFiles => datasetFiles(dirname(resolve(file)), true);

/** Refuses to save where a link leads out of the dataset: somebody else may have made the folder. */
export async function requireNoLinks({ folder }: DatasetFiles): Promise<void> {
  for (const place of [folder, join(folder, 'rows')]) {
    const found = await lstat(place).catch((error: unknown) => {
      if (isAbsent(error)) return null;
      throw error;
    });
    if (found?.isSymbolicLink() === true)
      throw new CliError('invalid-file', `${place} is a symbolic link`, 'what is published is saved there: remove it');
  }
}

/** Whether a path is a folder, a file or nothing. */
export async function kindOfPath(path: string): Promise<'folder' | 'file' | 'nothing'> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return 'nothing';
  if (found.isDirectory()) return 'folder';
  if (found.isFile()) return 'file';
  throw new CliError('invalid-file', `${path} is neither a file nor a folder`);
}

/** A dataset's name where nobody gave one. */
export const nameFor = (path: string): string => basename(resolve(path)).slice(0, 200);
