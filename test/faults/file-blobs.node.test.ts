import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Digest } from '../../schemas/primitives.ts';
import { digestOf } from '../../protocol/digest.ts';
import type { Blobs } from '../../worker/deps.ts';
import { createFileBlobs, sweepTemporaries } from '../../worker/node/file-blobs.ts';
import { brokenOff, chunked, SIZES } from './streams.ts';

const RUNNER = fileURLToPath(new URL('put-process.ts', import.meta.url));

let folder: string;
let blobs: Blobs;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firsthand-blobs-'));
  blobs = createFileBlobs(join(folder, 'blobs'));
});
afterEach(() => rm(folder, { recursive: true }));

const bytesOf = async (digest: Digest): Promise<Uint8Array | null> => {
  const stored = await blobs.get(digest);
  return stored === null ? null : new Uint8Array(await new Response(stored.body).arrayBuffer());
};
const filesLeft = async (): Promise<string[]> => {
  const found = await readdir(join(folder, 'blobs'), { recursive: true, withFileTypes: true }).catch(() => []);
  return found.filter((each) => each.isFile()).map(({ name }) => name);
};

describe('a blob of several pieces', () => {
  const blob = new Uint8Array(1_000_000).map((_, i) => (i * 7 + (i >> 8)) & 0xff);
  const digest = digestOf(blob);
  beforeEach(async () => void (await blobs.put(digest, chunked(blob), blob.length)));

  test('is read from the middle of one to the middle of another', async () => {
    const part = await blobs.get(digest, { offset: 200_001, length: 600_000 });
    expect(new Uint8Array(await new Response(part?.body).arrayBuffer())).toEqual(blob.slice(200_001, 800_001));
  });

  test.runIf(process.platform === 'linux')(
    'is closed at its end, by who reads no further, and never opened by who does not read',
    async () => {
      const isOpen = async (): Promise<boolean> => {
        const files = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
        return (await Promise.all(files)).some((file) => file.startsWith(folder));
      };
      const [unread, part] = [await blobs.get(digest), await blobs.get(digest)];
      expect(unread?.size).toBe(blob.length);
      expect(await isOpen()).toBe(false);
      const reader = part?.body.getReader();
      await reader?.read();
      expect(await isOpen()).toBe(true);
      // While a piece is on its way.
      reader?.read().catch(() => undefined);
      await reader?.cancel();
      await expect.poll(isOpen).toBe(false);
      await bytesOf(digest);
      expect(await isOpen()).toBe(false);
    },
  );
});

describe.each(SIZES)('a blob of %i bytes in a folder', (size) => {
  const blob = new Uint8Array(size).map((_, i) => (i * 7 + (i >> 8)) & 0xff);
  const digest = digestOf(blob);

  test('is stored, and read back whole and in part', async () => {
    expect(await blobs.put(digest, chunked(blob), size)).toBe('stored');
    expect(await bytesOf(digest)).toEqual(blob);
    expect(await blobs.size(digest)).toBe(size);
    const part = await blobs.get(digest, { offset: size - 1, length: 1 });
    expect(new Uint8Array(await new Response(part?.body).arrayBuffer())).toEqual(blob.slice(-1));
    expect(await filesLeft()).toEqual([digest.slice('sha256:'.length)]);
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
    expect(await filesLeft()).toEqual([]);
  });

  test('an existing blob outlives a put of other bytes', async () => {
    await blobs.put(digest, chunked(blob), size);
    expect(await blobs.put(digest, chunked(blob.map((byte) => byte ^ 1)), size)).toBe('mismatch');
    expect(await bytesOf(digest)).toEqual(blob);
  });

  test('the same blob put many times at once is there, once', async () => {
    const puts = Array.from({ length: 8 }, () => blobs.put(digest, chunked(blob), size));
    expect(new Set(await Promise.all(puts))).toEqual(new Set(['stored']));
    expect(await filesLeft()).toEqual([digest.slice('sha256:'.length)]);
  });
});

describe('a blob whose process or disk fails', () => {
  const blob = new Uint8Array(1_000_000).fill(7);
  const digest = digestOf(blob);
  const file = (): string => join(folder, 'blob');
  beforeEach(() => writeFile(file(), blob));

  test('killed half-way: a temporary file that nothing sees is all that is left, until the next start', async () => {
    const child = spawn(process.execPath, [RUNNER, join(folder, 'blobs'), file(), 'stall'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await filesLeft()).toEqual([expect.stringMatching(/\.tmp$/)]);
    expect(await blobs.size(digest)).toBeNull();
    expect(await blobs.get(digest)).toBeNull();
    expect(await blobs.put(digest, chunked(blob), blob.length)).toBe('stored');
    await sweepTemporaries(join(folder, 'blobs'));
    expect(await filesLeft()).toEqual([digest.slice('sha256:'.length)]);
    expect(await bytesOf(digest)).toEqual(blob);
    await sweepTemporaries(join(folder, 'nowhere'));
  });

  // The system's limit on file size, in blocks of at most 1 KiB: a write past it fails as one to a full disk does.
  test('the disk takes no more: an error, nothing is kept, and the next put succeeds', async () => {
    const limited = `ulimit -f 400 && exec "$0" "$@"`;
    const { stdout } = await promisify(execFile)('/bin/sh', [
      '-c',
      limited,
      process.execPath,
      RUNNER,
      join(folder, 'blobs'),
      file(),
    ]);
    expect(stdout.trim()).toBe('EFBIG');
    expect(await filesLeft()).toEqual([]);
    expect(await blobs.put(digest, chunked(blob), blob.length)).toBe('stored');
  });
});
