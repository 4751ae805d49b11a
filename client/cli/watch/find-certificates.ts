import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../../schemas/limits.ts';
import { readTextIfThere } from '../bounded-file.ts';
import { readCertificateFile, readClaims } from '../certificate-source.ts';
import { CliError } from '../cli-error.ts';
import { datasetFiles } from '../dataset-folder.ts';

/** A certificate as it was saved. */
export interface SavedCertificate {
  file: string;
  text: string;
}

/**
 * The certificates at these paths. A file is a certificate, or data with one beside it. A folder is a dataset with one
 * inside, or holds certificates and datasets; what else is in it is passed over, and its folders' folders are not entered.
 */
export async function findCertificates(paths: readonly string[]): Promise<SavedCertificate[]> {
  const found = new Map<string, SavedCertificate>();
  for (const path of paths) {
    const isFolder = (await stat(path)).isDirectory();
    const certificates = isFolder ? await inFolder(path) : [await ofFile(path)];
    if (certificates.length === 0) {
      throw new CliError(
        'not-found',
        `there is no certificate in ${path}`,
        'firsthand publish saves one with the data, firsthand certificate ID -o FILE fetches one',
      );
    }
    for (const certificate of certificates) found.set(certificate.file, certificate);
  }
  return [...found.values()];
}

async function ofFile(path: string): Promise<SavedCertificate> {
  const saved = await savedAt(datasetFiles(path, false).certificate);
  if (saved !== null) return saved;
  const text = await readCertificateFile(path);
  if (readClaims(text) === null) {
    throw new CliError('invalid-file', `${path} is not a certificate, and there is none beside it`);
  }
  return { file: path, text };
}

async function inFolder(folder: string): Promise<SavedCertificate[]> {
  const own = await savedAt(datasetFiles(folder, true).certificate);
  const found = own === null ? [] : [own];
  const entries = await readdir(folder, { withFileTypes: true });
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    // A dataset's folder, or what publishing saved beside a single file.
    const place = join(folder, name);
    const file = name.endsWith('.firsthand') ? join(place, 'certificate.json') : datasetFiles(place, true).certificate;
    const saved = name === '.firsthand' ? null : await savedAt(file);
    if (saved !== null) found.push(saved);
  }
  for (const { name } of entries.filter((entry) => entry.isFile() && entry.name.endsWith('.json'))) {
    const file = join(folder, name);
    if ((await stat(file)).size > limits.certificateBytes) continue;
    const text = await readTextIfThere(file, limits.certificateBytes);
    if (text !== null && readClaims(text) !== null) found.push({ file, text });
  }
  return found;
}

async function savedAt(file: string): Promise<SavedCertificate | null> {
  const text = await readTextIfThere(file, limits.certificateBytes);
  return text === null ? null : { file, text };
}
