import { open } from 'node:fs/promises';
import { fromUtf8 } from '../../protocol/bytes.ts';
import { CliError } from './cli-error.ts';

/** Bytes read at a time. */
const CHUNK = 1024 * 1024;

/** Reads a text file of at most `max` bytes. Throws CliError, or the system's error where it cannot be read. */
export async function readText(path: string, max: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const chunks: Uint8Array[] = [];
    const { size } = await file.stat();
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

/** The same, or null where there is no such file. */
export async function readTextIfThere(path: string, max: number): Promise<string | null> {
  try {
    return await readText(path, max);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
