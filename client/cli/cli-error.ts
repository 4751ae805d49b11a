/** How a command can end without doing what it was asked. Public API: codes are added, never renamed. */
export type FailureCode =
  | 'failed'
  | 'usage'
  | 'invalid-file'
  | 'verification-failed'
  | 'not-authorised'
  | 'not-found'
  | 'network'
  | 'conflict'
  | 'interrupted';

/** An expected failure: the message says what happened, the hint what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: FailureCode;
  readonly hint: string | null;
  /** The places at fault, where there are several. */
  readonly errors: readonly { path: string; message: string }[];

  constructor(code: FailureCode, message: string, hint: string | null = null, errors: CliError['errors'] = []) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.errors = errors;
  }
}
