import { RowsError } from '../../../protocol/rows/rows-error.ts';
import { CliError } from '../cli-error.ts';
import { ChangedFileError } from './hash-file.ts';
import { StalledFileError } from './hash-threads.ts';

/** What to say, and to do, where a file cannot be hashed; what it knows nothing of stays as it is. */
export function explain(error: unknown): unknown {
  const { name, code, path, message } = error as NodeJS.ErrnoException;
  // By name, since errors from a thread are copies.
  if (name === ChangedFileError.name)
    return new CliError('conflict', message, 'wait until nothing writes to it, then run again');
  if (name === RowsError.name || name === StalledFileError.name)
    return new CliError('invalid-file', message, 'repair it, or give it a name that does not promise rows');
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new CliError(
      'invalid-file',
      'a file takes too much memory: Parquet that is damaged or has too large row groups, or CSV with millions of columns',
    );
  if (code === 'ELOOP') return new CliError('invalid-file', `${path} is a symbolic link`);
  if (code === 'EACCES')
    return new CliError(
      'failed',
      `cannot read ${path}: permission denied`,
      'make it readable, or move it out of the folder',
    );
  return error;
}
