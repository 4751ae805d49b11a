import type { R2Bucket } from '@cloudflare/workers-types';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Digest } from '../../schemas/primitives.ts';
import { digestOf } from '../../protocol/digest.ts';
import { createR2Blobs } from '../../worker/cloudflare/r2-blobs.ts';
import type { Blobs } from '../../worker/deps.ts';
import { brokenOff, chunked, SIZES } from './streams.ts';
import { bindings, workerdShell } from './workerd-shell.ts';

let blobs: Blobs;
beforeEach(async () => {
  blobs = (await workerdShell.open()).blobs;
});

const bytesOf = async (digest: Digest): Promise<Uint8Array | null> => {
  const stored = await blobs.get(digest);
  return stored === null ? null : new Uint8Array(await new Response(stored.body).arrayBuffer());
};

describe.each(SIZES)('a blob of %i bytes in R2', (size) => {
  const bytes = crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536)));
  const blob = new Uint8Array(size).map((_, i) => bytes[i % bytes.length] as number);
  const digest = digestOf(blob);

  test('is stored, and read back whole and in part', async () => {
    expect(await blobs.put(digest, chunked(blob), size)).toBe('stored');
    expect(await bytesOf(digest)).toEqual(blob);
    expect(await blobs.size(digest)).toBe(size);
    const part = await blobs.get(digest, { offset: size - 1, length: 1 });
    expect(new Uint8Array(await new Response(part?.body).arrayBuffer())).toEqual(blob.slice(-1));
  });

  test.each([
    ['other bytes', () => blobs.put(digest, chunked(blob.map((byte) => byte ^ 1)), size)],
    ['too few bytes', () => blobs.put(digest, chunked(blob.slice(1)), size)],
    ['too many bytes', () => blobs.put(digest, chunked(new Uint8Array([...blob, 0])), size)],
    ['a declared length that is too small', () => blobs.put(digest, chunked(blob), size - 1)],
    ['a declared length that is too large', () => blobs.put(digest, chunked(blob), size + 1)],
    ['a stream that breaks off', () => blobs.put(digest, brokenOff(blob), size)],
    ['no bytes at all', () => blobs.put(digest, chunked(new Uint8Array()), size)],
  ])('%s: a mismatch, and nothing is kept', async (_, put) => {
    expect(await put()).toBe('mismatch');
    expect(await blobs.size(digest)).toBeNull();
    expect(await bytesOf(digest)).toBeNull();
  });

  test('an existing blob is never overwritten', async () => {
    await blobs.put(digest, chunked(blob), size);
    const first = await bindings.BLOBS.head(digest);
    await blobs.put(digest, chunked(blob), size);
    await blobs.put(digest, chunked(blob.map((byte) => byte ^ 1)), size).catch(() => {});
    const second = await bindings.BLOBS.head(digest);
    expect(second?.version).toBe(first?.version);
    expect(await bytesOf(digest)).toEqual(blob);
  });

  test('R2 fails before it has read anything: an error, never a wait without end', async () => {
    const failing = new Proxy(bindings.BLOBS, {
      get: (bucket, name: keyof R2Bucket) =>
        name === 'put' ? () => Promise.reject(new Error('put: Internal error (10001)')) : bucket[name].bind(bucket),
    });
    await expect(createR2Blobs(failing).put(digest, chunked(blob), size)).rejects.toThrow('10001');
    expect(await blobs.size(digest)).toBeNull();
  });
});
