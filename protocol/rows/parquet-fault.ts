import { RowsError } from './rows-error.ts';

/** A Parquet file that is not what its format says: the words go on after the file's name. */
export const malformed = (what: string): RowsError => new RowsError('malformed', `as a Parquet file, it ${what}`);
