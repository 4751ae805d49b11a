import type { R2Bucket, ReadableStream as WorkersStream } from '@cloudflare/workers-types';
import type { Blobs } from '../deps.ts';

/** Blobs in R2. The bucket itself checks the digest while it stores, and creates only: nothing is ever overwritten. */
export const createR2Blobs = (bucket: R2Bucket): Blobs => ({
  async size(digest) {
    return (await bucket.head(digest))?.size ?? null;
  },
  async delete(digest) {
    await bucket.delete(digest);
  },
  async put(digest, body, length) {
    const sized = new FixedLengthStream(length);
    const writer = sized.writable.getWriter();
    const reader = body.getReader();
    // Set before the stream is broken off, so before R2 can complain of it: a put that fails otherwise is R2's failure.
    let isBroken = false;
    const feed = async (): Promise<void> => {
      for (let rest = length; ;) {
        const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }) as const);
        rest -= value?.length ?? 0;
        isBroken = done ? rest > 0 : rest < 0;
        if (isBroken) return writer.abort(new Error('the blob is not of the length it was said to be'));
        if (done) return writer.close();
        await writer.write(value);
      }
    };
    try {
      const feeding = feed().catch(() => {});
      await bucket.put(digest, sized.readable as unknown as WorkersStream, {
        sha256: digest.slice('sha256:'.length),
        onlyIf: { etagDoesNotMatch: '*' },
      });
      await feeding;
    } catch (error) {
      // R2 refuses a checksum that does not match with an error of this text, and nothing else to tell it by.
      if (!isBroken && !/checksum|sha-?256|digest/i.test(String(error))) throw error;
      isBroken = true;
    } finally {
      // Where R2 did not take all of it, nobody is left to wait for the rest.
      await Promise.allSettled([writer.abort(), reader.cancel()]);
    }
    return isBroken ? 'mismatch' : 'stored';
  },
  async get(digest, range) {
    const object = await bucket.get(digest, range === undefined ? {} : { range });
    return object === null ? null : { size: object.size, body: object.body as unknown as ReadableStream<Uint8Array> };
  },
});
