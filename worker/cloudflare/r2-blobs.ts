import type { R2Bucket, ReadableStream as WorkersStream } from '@cloudflare/workers-types';
import type { Blobs } from '../deps.ts';

/** Blobs in R2. The bucket itself checks the digest while it stores, and creates only: nothing is ever overwritten. */
export const createR2Blobs = (bucket: R2Bucket): Blobs => ({
  async size(digest) {
    return (await bucket.head(digest))?.size ?? null;
  },
  async put(digest, body, length) {
    const sized = new FixedLengthStream(length);
    // Awaited below: a stream of another length breaks the pipe, and the put with it.
    const piped = body.pipeTo(sized.writable).catch(() => 'broken' as const);
    try {
      await bucket.put(digest, sized.readable as unknown as WorkersStream, {
        sha256: digest.slice('sha256:'.length),
        onlyIf: { etagDoesNotMatch: '*' },
      });
    } catch (error) {
      // R2 refuses a checksum that does not match with an error; anything that is there must still be told apart.
      if ((await piped) === 'broken' || /checksum|sha-?256|digest/i.test(String(error))) return 'mismatch';
      throw error;
    }
    return (await piped) === 'broken' ? 'mismatch' : 'stored';
  },
  async get(digest, range) {
    const object = await bucket.get(digest, range === undefined ? {} : { range });
    return object === null ? null : { size: object.size, body: object.body as unknown as ReadableStream<Uint8Array> };
  },
});
