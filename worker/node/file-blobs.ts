import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest } from '../../schemas/primitives.ts';
import type { Blobs } from '../deps.ts';

/** How the name of a file that is still being written ends. */
const TEMPORARY = '.tmp';
/** Bytes read at a time. */
const PIECE = 256 * 1024;

/**
 * Blobs as files, `ab/abcd…`. A file appears under its name only whole: it is written beside, synced, and renamed. A
 * crash before the rename leaves a temporary file that nothing refers to until {@link sweepTemporaries}; after it, the blob
 * is there.
 */
export function createFileBlobs(folder: string): Blobs {
  const pathOf = (digest: Digest): string => {
    const hex = digest.slice('sha256:'.length);
    return join(folder, hex.slice(0, 2), hex);
  };
  const sizeOf = async (digest: Digest): Promise<number | null> => {
    try {
      return (await stat(pathOf(digest))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  };
  return {
    size: sizeOf,

    async delete(digest) {
      if ((await sizeOf(digest)) === null) return;
      await rm(pathOf(digest), { force: true });
      await syncFolder(dirname(pathOf(digest)));
    },

    async put(digest, body, length) {
      const path = pathOf(digest);
      const temporary = `${path}.${randomUUID()}${TEMPORARY}`;
      if ((await mkdir(dirname(path), { recursive: true })) !== undefined) await syncFolder(folder);
      const file = await open(temporary, 'wx', 0o644);
      try {
        const hash = createHash('sha256');
        let written = 0;
        const reader = body.getReader();
        for (;;) {
          // A sender that goes away is no fault of this disk: what came is not what was promised.
          const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }) as const);
          if (done) break;
          written += value.length;
          if (written > length) {
            void reader.cancel().catch(() => {});
            break;
          }
          hash.update(value);
          await file.writeFile(value);
        }
        if (written !== length || `sha256:${hash.digest('hex')}` !== digest) return 'mismatch';
        await file.sync();
        await rename(temporary, path);
        await syncFolder(dirname(path));
        return 'stored';
      } finally {
        await file.close();
        await rm(temporary, { force: true });
      }
    },

    async get(digest, range) {
      const size = await sizeOf(digest);
      if (size === null) return null;
      const { offset, length } = range ?? { offset: 0, length: size };
      if (length === 0) return { size, body: new Blob([]).stream() };
      return { size, body: piecesOf(pathOf(digest), offset, length) };
    },
  };
}

/**
 * Part of a file, opened once somebody reads: pieces of a quarter of a MiB take half the processor's time of those that Node's
 * own streams make.
 */
function piecesOf(path: string, offset: number, length: number): ReadableStream<Uint8Array> {
  const end = offset + length;
  let at = offset;
  let file: FileHandle | null = null;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    file ??= await open(path, 'r');
    const piece = new Uint8Array(Math.min(PIECE, end - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) throw new Error(`${path} is shorter than it was`);
    at += bytesRead;
    controller.enqueue(piece.subarray(0, bytesRead));
    if (at < end) return;
    await file.close();
    controller.close();
  };
  return new ReadableStream(
    {
      pull: (controller) =>
        pull(controller).catch(async (error: unknown) => {
          await file?.close();
          throw error;
        }),
      cancel: () => file?.close(),
    },
    // Nothing is read ahead of who reads.
    { highWaterMark: 0 },
  );
}

/** Removes what crashes left half-written. For the start: nothing may be writing yet. */
export async function sweepTemporaries(folder: string): Promise<void> {
  const namesIn = (each: string): Promise<string[]> =>
    readdir(each).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
      throw error;
    });
  // A folder at a time: there may be very many.
  for (const part of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, part))) {
      if (name.endsWith(TEMPORARY)) await rm(join(folder, part, name), { force: true });
    }
  }
}

/** Makes a rename durable: the folder's entry is data too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
