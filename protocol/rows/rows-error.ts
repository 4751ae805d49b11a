/** Why a file's rows cannot be told apart. */
export type RowsFault =
  /** A row is longer than `limits.rowBytes`. */
  | 'row-too-long'
  /** It is not of the format that its name says, or is cut short or damaged. */
  | 'malformed';

/** A file whose rows cannot be addressed: the message says why, and on which line, and goes on after the file's name. */
export class RowsError extends Error {
  override readonly name = 'RowsError';
  readonly code: RowsFault;
  /** The line that is too long, from 1, where rows are lines. */
  readonly line: number | undefined;

  constructor(code: RowsFault, message: string, line?: number) {
    super(message);
    this.code = code;
    this.line = line;
  }
}
