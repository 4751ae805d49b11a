import { dirname, join } from 'node:path';
import { stat } from 'node:fs/promises';
import { limits } from '../../../schemas/limits.ts';
import type { Digest } from '../../../schemas/primitives.ts';
import { isAbsent, openRegular, readTextIfThere } from '../bounded-file.ts';
import { readCertificateFile } from '../certificate-source.ts';
import { datasetFiles, enclosingFiles, manifestIn, rowsIn } from '../dataset-folder.ts';
import { writeDurably } from '../durable-file.ts';
import { findCertificates } from '../watch/find-certificates.ts';

/** A certificate that was saved, and the folder in which manifests and row-digest lists may lie beside it. */
export interface SavedEvidence {
  certificate: string;
  folder: string;
  /** Whether it was come across in a folder, and not named. */
  isFound: boolean;
}

/** Certificates from files, and from folders that hold some. */
export async function readEvidence(paths: readonly string[]): Promise<SavedEvidence[]> {
  const found: SavedEvidence[] = [];
  for (const path of paths) {
    const isFolder = await stat(path).then(
      (at) => at.isDirectory(),
      () => false,
    );
    // A file is taken for what it is: the report says what is wrong with a damaged one.
    const certificates = isFolder
      ? await findCertificates([path])
      : [{ file: path, text: await readCertificateFile(path) }];
    for (const { file, text } of certificates)
      found.push({ certificate: text, folder: dirname(file), isFound: isFolder });
  }
  return found;
}

/** What publishing saved with the data: inside the folder, or beside the file or in the folder that it is in. */
export async function savedWith(path: string, isFolder: boolean): Promise<SavedEvidence | null> {
  const places = isFolder ? [datasetFiles(path, true)] : [datasetFiles(path, false), enclosingFiles(path)];
  for (const place of places) {
    const certificate = await readTextIfThere(place.certificate, limits.certificateBytes);
    if (certificate !== null) return { certificate, folder: dirname(place.certificate), isFound: false };
  }
  return null;
}

/** A manifest that was saved in any of these folders: by its digest, or as the one of a dataset. */
export async function savedManifests(folders: readonly string[], digests: readonly Digest[]): Promise<string[]> {
  const manifests: string[] = [];
  for (const folder of folders) {
    const files = [join(folder, 'manifest.jsonl'), ...digests.map((digest) => manifestIn(folder, digest))];
    for (const file of files) {
      const manifest = await readTextIfThere(file, limits.manifestBytes);
      if (manifest !== null) manifests.push(manifest);
    }
  }
  return manifests;
}

/** A segment of a row-digest list that was saved in any of these folders; as it is, but for what is more than it should be. */
export async function savedSegment(
  folders: readonly string[],
  digest: Digest,
  bytes: number,
): Promise<Uint8Array | null> {
  for (const folder of folders) {
    const file = await openRegular(rowsIn(folder, digest)).catch((error: unknown) => {
      if (isAbsent(error)) return null;
      throw error;
    });
    if (file === null) continue;
    try {
      const buffer = new Uint8Array(Math.min((await file.stat()).size, bytes + 1));
      let filled = 0;
      for (let read = 1; read > 0 && filled < buffer.length; filled += read) {
        read = (await file.read(buffer, filled, buffer.length - filled, filled)).bytesRead;
      }
      return buffer.subarray(0, filled);
    } finally {
      await file.close();
    }
  }
  return null;
}

export const saveManifest = (folder: string, digest: Digest, manifest: string): Promise<void> =>
  writeDurably(manifestIn(folder, digest), manifest);

export const saveSegment = (folder: string, digest: Digest, segment: Uint8Array): Promise<void> =>
  writeDurably(rowsIn(folder, digest), segment);
