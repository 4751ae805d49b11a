import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { fromUtf8 } from '../../protocol/bytes.ts';
import { CliError } from './cli-error.ts';

/** Bytes read at a time. */
const CHUNK = 1024 * 1024;

/**
 * Reads a text file of at most `max` bytes that somebody named: a pipe, too. Throws CliError, or the system's error where it
 * cannot be read.
 */
export const readText = async (path: string, max: number): Promise<string> =>
  readWhole(await open(path, 'r'), path, max);

/**
 * Opens a file that somebody else may have put there, which must be a regular one: a pipe that nobody writes to would hold
 * the process for ever, whatever signal it gets.
 */
export async function openRegular(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new CliError('invalid-file', `${path} is not a regular file`);
}

/** Reads a regular text file of at most `max` bytes; null where there is no such file. */
export async function readTextIfThere(path: string, max: number): Promise<string | null> {
  try {
    return await readWhole(await openRegular(path), path, max);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** Whether it says that there is no such file. */
export const isAbsent = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

async function readWhole(file: FileHandle, path: string, max: number): Promise<string> {
  try {
    const chunks: Uint8Array[] = [];
    const stat = await file.stat();
    if (stat.isDirectory()) throw new CliError('invalid-file', `${path} is a folder, not a file`);
    const { size } = stat;
    let bytes = 0;
    // A pipe or a device has no size that says what comes out of it.
    for await (const chunk of size > max ? [] : file.createReadStream({ autoClose: false, highWaterMark: CHUNK })) {
      chunks.push(chunk as Uint8Array);
      bytes += (chunk as Uint8Array).length;
      if (bytes > max) break;
    }
    if (Math.max(size, bytes) > max) throw new CliError('invalid-file', `${path} is larger than ${max} bytes`);
    const text = fromUtf8(Buffer.concat(chunks));
    if (text === null) throw new CliError('invalid-file', `${path} is not UTF-8 text`);
    return text;
  } finally {
    await file.close();
  }
}
