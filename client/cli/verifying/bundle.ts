import type { Digest } from '../../../schemas/primitives.ts';
import { limits } from '../../../schemas/limits.ts';
import { fromUtf8 } from '../../../protocol/bytes.ts';
import { parseManifest } from '../../../protocol/manifest.ts';
import { ROW_DIGEST_BYTES } from '../../../protocol/rows/row-digests.ts';
import { RegistryError, UntrustedError } from '../../errors.ts';
import type { RegistryClient } from '../../registry-client.ts';
import { readClaims } from '../certificate-source.ts';
import type { Cli } from '../context.ts';
import { progressBar } from '../progress.ts';
import { text } from '../terminal.ts';
import { saveManifest, saveSegment, savedSegment } from './saved.ts';

/**
 * Saves the manifests and row-digest lists that a certificate's records name, as far as the registry has them: what is there
 * already is not fetched again. Each is what its digest says.
 */
export async function saveContent(
  cli: Cli,
  client: RegistryClient,
  certificate: string,
  folder: string,
): Promise<void> {
  const segments = new Map<Digest, number>();
  for (const { digest, bytes } of readClaims(certificate)?.manifests ?? []) {
    const manifest = await blobOf(cli, client, digest, bytes);
    const content = fromUtf8(manifest ?? new Uint8Array());
    if (manifest === null || content === null) continue;
    await saveManifest(folder, digest, content);
    const parsed = parseManifest(content);
    for (const { rows } of parsed.ok ? parsed.value.files : []) {
      for (const [i, segment] of (rows?.digests ?? []).entries()) {
        const count = Math.min(limits.segmentRows, (rows?.count ?? 0) - i * limits.segmentRows);
        segments.set(segment, count * ROW_DIGEST_BYTES);
      }
    }
  }
  const bar = progressBar(
    cli,
    'fetching row digests',
    [...segments.values()].reduce((sum, bytes) => sum + bytes, 0),
  );
  try {
    for (const [digest, bytes] of segments) {
      if ((await savedSegment([folder], digest, bytes))?.length !== bytes) {
        const segment = await blobOf(cli, client, digest, bytes);
        if (segment !== null) await saveSegment(folder, digest, segment);
      }
      bar?.increment(bytes);
    }
  } finally {
    bar?.stop();
  }
}

/** A blob, or null with a note where the registry does not have it, or has something else: others' content still counts. */
async function blobOf(cli: Cli, client: RegistryClient, digest: Digest, bytes: number): Promise<Uint8Array | null> {
  try {
    return await client.getBlob(digest, bytes);
  } catch (error) {
    if (error instanceof UntrustedError) cli.out.note(text`note: ${digest} is left out: ${error.message}`);
    else if (error instanceof RegistryError && error.status === 404) {
      cli.out.note(text`note: the registry does not have ${digest}, withheld or never uploaded`);
    } else throw error;
    return null;
  }
}
