import { limits } from '../../schemas/limits.ts';
import { Certificate } from '../../schemas/certificate.ts';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import { parseJson } from '../../protocol/json.ts';
import type { ManifestFile } from '../../schemas/manifest.ts';
import type { RegistryClient } from '../registry-client.ts';
import { readTextIfThere } from './bounded-file.ts';
import { CliError } from './cli-error.ts';
import { datasetFiles, enclosingFiles } from './dataset-folder.ts';

/** What a certificate says it is about, before anything of it is verified: enough to know what to fetch. */
export interface CertificateClaims {
  subject: StatementId;
  origin: string;
  /** Whether the subject only composes other records. */
  composesOnly: boolean;
  /** Manifests that its records name, with the sizes they declare. */
  manifests: { digest: Digest; bytes: number }[];
}

/** Null where the text is no certificate at all; verification says why. */
export function readClaims(text: string): CertificateClaims | null {
  if (text.length > limits.certificateBytes) return null;
  const json = parseJson(text);
  const parsed = json.ok ? Certificate.safeParse(json.value) : null;
  if (parsed?.success !== true) return null;
  const { subject, checkpoint, statements } = parsed.data;
  const manifests: CertificateClaims['manifests'] = [];
  let composesOnly = false;
  for (const { entry, document } of statements) {
    const record = document?.['credentialSubject'] as { content?: unknown; parts?: unknown } | undefined;
    const content = record?.content as { manifest?: unknown; manifestBytes?: unknown } | undefined;
    if (typeof content?.manifest === 'string' && typeof content.manifestBytes === 'number') {
      manifests.push({
        digest: content.manifest as Digest,
        bytes: Math.min(content.manifestBytes, limits.manifestBytes),
      });
    }
    if (entry.includes(`"id":"${subject}"`)) composesOnly = content === undefined && Array.isArray(record?.parts);
  }
  return { subject, origin: checkpoint.slice(0, Math.max(0, checkpoint.indexOf('\n'))), composesOnly, manifests };
}

/** A certificate from a file. */
export async function readCertificateFile(file: string): Promise<string> {
  const certificate = await readTextIfThere(file, limits.certificateBytes);
  if (certificate === null) throw new CliError('not-found', `no such certificate: ${file}`);
  return certificate;
}

/** What publishing saved with the data: inside the folder, or beside the file or in the folder that it is in. */
export async function savedWith(
  path: string,
  isFolder: boolean,
): Promise<{ certificate: string | null; manifests: string[] }> {
  const places = isFolder ? [datasetFiles(path, true)] : [datasetFiles(path, false), enclosingFiles(path)];
  for (const place of places) {
    const certificate = await readTextIfThere(place.certificate, limits.certificateBytes);
    if (certificate === null) continue;
    const manifest = await readTextIfThere(place.manifest, limits.manifestBytes);
    return { certificate, manifests: manifest === null ? [] : [manifest] };
  }
  return { certificate: null, manifests: [] };
}

/** The record that certifies most of these files, oldest first among equals, and the others that hold some of them. */
export async function findRecord(
  client: RegistryClient,
  files: readonly Pick<ManifestFile, 'sha256'>[],
): Promise<{ best: StatementId | null; others: StatementId[] }> {
  const digests = [...new Set(files.map((file) => `sha256:${file.sha256}` as Digest))];
  const counts = new Map<StatementId, number>();
  const { matches } = await client.lookup(digests);
  for (const { records } of matches) {
    for (const record of records) counts.set(record, (counts.get(record) ?? 0) + 1);
  }
  // The oldest wins a tie: whoever republishes a file later cannot take its place. Sorting keeps the order found.
  const [best, ...others] = [...counts].toSorted((a, b) => b[1] - a[1]).map(([record]) => record);
  return { best: best ?? null, others };
}
