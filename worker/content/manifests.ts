import { limits } from '../../schemas/limits.ts';
import type { Digest } from '../../schemas/primitives.ts';
import { fromUtf8, type Bytes } from '../../protocol/bytes.ts';
import { has, type Logged } from '../../protocol/evidence.ts';
import { readContent, type Content } from '../../protocol/manifest.ts';
import { refuse, type Result } from '../../protocol/result.ts';
import type { Blobs } from '../deps.ts';

/**
 * The manifests of records, as far as they were uploaded: each once, and together no more than `budget` bytes as they
 * are stored, whatever the records declare. They prove themselves against their records.
 */
export async function manifestsOf(
  blobs: Blobs,
  statements: readonly Logged[],
  budget: number = limits.blobBytes,
): Promise<string[]> {
  const named = new Set<Digest>();
  for (const logged of statements) {
    const content = has(logged, 'DatasetRecord') ? logged.document.credentialSubject.content : undefined;
    if (content?.visibility === 'public') named.add(content.manifest);
  }
  const texts: string[] = [];
  let left = budget;
  for (const digest of named) {
    const stored = await blobs.get(digest);
    if (stored === null) continue;
    // What does not fit is as good as not uploaded: the report says that it could not be compared.
    if (stored.size > Math.min(left, limits.manifestBytes)) {
      await stored.body.cancel();
      continue;
    }
    left -= stored.size;
    const text = fromUtf8(await bytesOf(stored.body));
    if (text !== null) texts.push(text);
  }
  return texts;
}

/** A blob, read as a manifest of public content. */
export function contentOf(bytes: Bytes): Result<Content, string> {
  const text = fromUtf8(bytes);
  const content = text === null ? refuse('not UTF-8') : readContent(text);
  // Whoever got hold of it may name it in a record of their own; what it lists was not meant to be found.
  return content.ok && content.value.salt !== undefined ? refuse('it is salted, so its content is withheld') : content;
}

/** A stored blob's bytes; only for one whose size is bounded. */
export const bytesOf = async (body: ReadableStream<Uint8Array>): Promise<Bytes> =>
  new Uint8Array(await new Response(body as BodyInit).arrayBuffer());
