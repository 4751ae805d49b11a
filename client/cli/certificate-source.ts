import { limits } from '../../schemas/limits.ts';
import { Certificate } from '../../schemas/certificate.ts';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import { parseJson } from '../../protocol/json.ts';
import { parseEntry } from '../../protocol/log/entry.ts';
import { isAbsent, readText } from './bounded-file.ts';
import { CliError } from './cli-error.ts';

/** What a certificate says it is about, before anything of it is verified: enough to know what to fetch. */
export interface CertificateClaims {
  subject: StatementId;
  origin: string;
  /** Entries of the log that its checkpoint covers. */
  size: number;
  /** Whether the subject only composes other records. */
  composesOnly: boolean;
  /** The dataset records that it carries, the subject among them. */
  records: StatementId[];
  /** Of these, later versions of the subject by its signer. */
  versions: StatementId[];
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
  const records: StatementId[] = [];
  const versions: { id: StatementId; signer: unknown }[] = [];
  let signer: unknown;
  let composesOnly = false;
  for (const { entry, document } of statements) {
    const record = document?.['credentialSubject'] as
      | { content?: unknown; parts?: unknown; replaces?: unknown }
      | undefined;
    const content = record?.content as { manifest?: unknown; manifestBytes?: unknown } | undefined;
    if (typeof content?.manifest === 'string' && typeof content.manifestBytes === 'number') {
      manifests.push({
        digest: content.manifest as Digest,
        bytes: Math.min(content.manifestBytes, limits.manifestBytes),
      });
    }
    const logged = parseEntry(entry);
    if (logged?.kind !== 'DatasetRecord') continue;
    records.push(logged.id);
    if (record?.replaces === subject) versions.push({ id: logged.id, signer: document?.['issuer'] });
    if (logged.id !== subject) continue;
    signer = document?.['issuer'];
    composesOnly = content === undefined && Array.isArray(record?.parts);
  }
  return {
    subject,
    origin: checkpoint.slice(0, Math.max(0, checkpoint.indexOf('\n'))),
    size: Number(checkpoint.split('\n', 2)[1]) || 0,
    composesOnly,
    records,
    versions: versions.flatMap((version) => (version.signer === signer ? [version.id] : [])),
    manifests,
  };
}

/** A certificate from a file. */
export async function readCertificateFile(file: string): Promise<string> {
  try {
    return await readText(file, limits.certificateBytes);
  } catch (error) {
    throw isAbsent(error) ? new CliError('not-found', `no such certificate: ${file}`) : error;
  }
}
