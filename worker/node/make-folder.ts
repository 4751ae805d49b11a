import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and what is missing above it, for its owner alone. Not by `recursive`, which in a file system that says
 * of every new folder that its parent is missing (/proc) tries for ever.
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  let at = resolve(folder);
  while (statSync(at, { throwIfNoEntry: false }) === undefined) {
    missing.push(at);
    at = dirname(at);
  }
  for (const each of missing.toReversed()) {
    try {
      mkdirSync(each, { mode: 0o700 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      if (code !== 'ENOENT') throw error;
      throw new Error(`${each} cannot be made: no folders can be made in ${dirname(each)}`, { cause: error });
    }
  }
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is a file; a folder is needed there`);
}
