import { lstat, readdir } from 'node:fs/promises';
import { lstatSync, type Dirent } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { limits } from '../../../schemas/limits.ts';
import { fromUtf8 } from '../../../protocol/bytes.ts';
import { pathFault } from '../../../protocol/path.ts';
import { CliError } from '../cli-error.ts';

/** One file to be hashed. */
export interface FoundFile {
  /** As a manifest has it: relative, `/`-separated. */
  path: string;
  /** Where it is on this machine. */
  location: string;
  bytes: number;
}

/** Hears of a file as soon as it is found. */
export type OnFile = (file: FoundFile) => void;

export interface Found {
  isFolder: boolean;
  files: FoundFile[];
  /** Paths left out on purpose: `.git`, `.DS_Store`, and what Firsthand wrote, but for its files of this very folder. */
  skipped: string[];
}

/**
 * Lists the content at `path`, a folder or one file. Refuses what a manifest cannot name truthfully: symbolic links,
 * devices, and names outside protocol.md §5. Tells `onFile` of each file at once. Throws CliError with the path at fault.
 */
export async function findContent(path: string, onFile: OnFile = () => {}): Promise<Found> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new CliError('not-found', `no such file or folder: ${path}`);
    throw error;
  });
  if (stat.isSymbolicLink()) throw linkRefused(path);
  if (stat.isFile()) {
    const name = basename(path);
    requirePath(name);
    const file = { path: name, location: path, bytes: stat.size };
    onFile(file);
    return { isFolder: false, files: [file], skipped: [] };
  }
  if (!stat.isDirectory()) throw new CliError('invalid-file', `${path} is neither a file nor a folder`);
  const found: Found = { isFolder: true, files: [], skipped: [] };
  await walk(path, '', found, onFile);
  return found;
}

/** Files that are found at once. */
const TURN = 256;

/** Depth first, without recursion deeper than a path may be long. */
async function walk(folder: string, prefix: string, found: Found, onFile: OnFile): Promise<void> {
  const entries = await entriesIn(folder);
  const names = new Set(entries.map(({ name }) => name));
  const inFolder = join(folder, '_').slice(0, -1);
  for (const entry of entries) {
    const { name } = entry;
    const path = `${prefix}${name}`;
    const location = `${inFolder}${name}`;
    if (isOurs(name, names)) {
      if (!RESERVED.has(path)) found.skipped.push(path);
    } else if (entry.isSymbolicLink()) {
      throw linkRefused(location);
    } else if (entry.isDirectory()) {
      requirePath(path);
      await walk(location, `${path}/`, found, onFile);
    } else if (entry.isFile()) {
      requirePath(path);
      if (found.files.length >= limits.manifestFiles) {
        throw new CliError(
          'failed',
          `more than ${limits.manifestFiles} files`,
          'publish several datasets and compose them with parts, or pack small files together',
        );
      }
      // Of many files, each would wait longer for its turn than for this.
      const file = { path, location, bytes: lstatSync(location).size };
      found.files.push(file);
      onFile(file);
      // Whoever hears of them has other things to do, too.
      if (found.files.length % TURN === 0) await setImmediate();
    } else {
      throw new CliError('invalid-file', `${location} is not a regular file`, 'move it out of the folder');
    }
  }
}

async function entriesIn(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  // Node replaces what is not UTF-8, and would then name a file that is not there.
  if (entries.some(({ name }) => name.includes(REPLACEMENT))) await requireUtf8(folder);
  return entries;
}

const REPLACEMENT = '\ufffd';

async function requireUtf8(folder: string): Promise<void> {
  for (const name of await readdir(folder, { encoding: 'buffer' })) {
    if (fromUtf8(name) === null)
      throw new CliError('invalid-file', `a file name in ${folder} is not UTF-8: ${name.toString('latin1')}`);
  }
}

/** Firsthand’s own, in the folder of a dataset. */
const RESERVED: ReadonlySet<string> = new Set(['.firsthand', 'firsthand.yaml']);

/** What is never content. `x.firsthand` counts only beside an `x`, so that a name alone hides no data. */
function isOurs(name: string, siblings: ReadonlySet<string>): boolean {
  if (RESERVED.has(name) || name === '.git' || name === '.DS_Store') return true;
  const match = /^(.+)\.firsthand(?:\.yaml)?$/.exec(name);
  return match !== null && siblings.has(match[1] as string);
}

function requirePath(path: string): void {
  const fault = pathFault(path);
  if (fault !== null) throw new CliError('invalid-file', `the path ${JSON.stringify(path)} ${fault}`, 'rename it');
}

const linkRefused = (path: string): CliError =>
  new CliError(
    'invalid-file',
    `${path} is a symbolic link`,
    'put the file itself there, or move the link out of the folder',
  );
