import { limits } from '../../schemas/limits.ts';
import { fromUtf8 } from '../../protocol/bytes.ts';
import { has, type Logged } from '../../protocol/evidence.ts';
import type { Blobs } from '../deps.ts';

/** The manifests of records, as far as they were uploaded. They prove themselves against their records. */
export async function manifestsOf(blobs: Blobs, statements: readonly Logged[]): Promise<string[]> {
  const texts: string[] = [];
  let bytes = 0;
  for (const logged of statements) {
    const content = has(logged, 'DatasetRecord') ? logged.document.credentialSubject.content : undefined;
    if (content?.visibility !== 'public') continue;
    bytes += content.manifestBytes;
    // What does not fit is as good as not uploaded: the report says that it could not be compared.
    if (bytes > limits.blobBytes) break;
    const stored = await blobs.get(content.manifest);
    const text =
      stored === null ? null : fromUtf8(new Uint8Array(await new Response(stored.body as BodyInit).arrayBuffer()));
    if (text !== null) texts.push(text);
  }
  return texts;
}
