import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join, basename } from 'node:path';
import { CliError } from './cli-error.ts';

/** A file's content; what comes in pieces need not fit into memory. */
type Whole = string | Uint8Array | AsyncIterable<string | Uint8Array>;

interface WriteOptions {
  /** Mode bits of the file; 0o666 less the umask unless given. */
  mode?: number;
  /** Mode bits of folders that must be made on the way. */
  folderMode?: number;
}

/**
 * Writes a file that is there whole or not at all, whenever the machine stops: a temporary file, fsync, rename. Replaces
 * what was there.
 */
export async function writeDurably(path: string, content: Whole, options: WriteOptions = {}): Promise<void> {
  await viaTemporary(path, content, options, (temporary) => rename(temporary, path));
}

/** The same where somebody named the file: what is a device or a pipe is written to, and stays one. */
export async function writeOutput(path: string, content: Whole): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) throw new CliError('invalid-file', `${path} is a folder, not a file`);
  if (found === null || found.isFile()) await writeDurably(path, content);
  else await writeFile(path, content);
}

/** As {@link writeDurably}, but never over an existing file: false where there is one. */
export async function createDurably(path: string, content: Whole, options: WriteOptions = {}): Promise<boolean> {
  try {
    // Unlike rename, link refuses an existing name, and does so atomically.
    await viaTemporary(path, content, options, (temporary) => link(temporary, path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function viaTemporary(
  path: string,
  content: Whole,
  { mode = 0o666, folderMode = 0o777 }: WriteOptions,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: folderMode });
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', mode);
    await closing(file, async () => {
      await file.writeFile(content);
      await file.sync();
    });
    await publish(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
  // The name itself is durable once its folder is synced; not every file system lets a folder be opened for that.
  const directory = await open(folder, 'r').catch(() => null);
  if (directory !== null) await closing(directory, () => directory.sync().catch(() => undefined));
}

async function closing(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await file.close();
  }
}
