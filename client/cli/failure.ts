import { CommanderError } from 'commander';
import type { ProblemCode } from '../../schemas/problem.ts';
import { NetworkError, RegistryError, UntrustedError } from '../errors.ts';
import { CliError, type FailureCode } from './cli-error.ts';

/** Any failure in the form in which it is shown, and printed under --json. */
export interface Failure {
  /** A {@link FailureCode}, or the registry's {@link ProblemCode}. */
  code: FailureCode | ProblemCode;
  message: string;
  hint?: string;
  status?: number;
  requestId?: string;
  errors?: readonly { path: string; message: string }[];
}

/** The one place where a failure becomes an exit code (api-and-cli.md). */
export function exitCodeOf(code: Failure['code']): number {
  switch (code) {
    case 'usage':
      return 2;
    case 'verification-failed':
      return 3;
    case 'not-authorised':
    case 'not-accredited':
    case 'no-credential':
    case 'not-entitled':
      return 4;
    case 'not-found':
    case 'missing-reference':
    case 'erased':
      return 5;
    case 'network':
    case 'rate-limited':
    case 'overloaded':
    case 'unavailable':
      return 6;
    case 'conflict':
    case 'already-exclusive':
    case 'not-revocable':
    case 'not-erasable':
      return 7;
    case 'interrupted':
      return 130;
    case 'failed':
    case 'invalid-file':
    case 'invalid-request':
    case 'invalid-json':
    case 'unsupported-media-type':
    case 'too-large':
    case 'method-not-allowed':
    case 'invalid-statement':
    case 'invalid-key':
    case 'foreign-key':
    case 'invalid-signature':
    case 'not-yet-valid':
    case 'expired':
    case 'not-referenced':
    case 'digest-mismatch':
    case 'invalid-manifest':
    case 'internal':
      return 1;
  }
}

/** What to say of anything that was thrown. A bug is said to be one, without its stack. */
export function describe(error: unknown): Failure {
  if (error instanceof CliError) {
    const { code, message, hint, errors } = error;
    return { code, message, ...(hint === null ? {} : { hint }), ...(errors.length === 0 ? {} : { errors }) };
  }
  if (error instanceof RegistryError) {
    const { code, message, status, requestId, errors } = error;
    return {
      code,
      message,
      status,
      ...(requestId === null ? {} : { requestId }),
      ...(errors.length === 0 ? {} : { errors }),
      ...hintFor(code),
    };
  }
  if (error instanceof NetworkError) {
    return { code: 'network', message: error.message, hint: 'is the registry running, and --registry right?' };
  }
  if (error instanceof UntrustedError) return { code: 'verification-failed', message: error.message };
  if (error instanceof CommanderError) return { code: 'usage', message: error.message.replace(/^error: /, '') };
  return describeSystemError(error);
}

function hintFor(code: ProblemCode): { hint?: string } {
  switch (code) {
    case 'no-credential':
      return {
        hint: 'get one with a login: firsthand enrol --issuer URL; or ask an issuer for firsthand attest-human DID … (firsthand key show prints yours)',
      };
    case 'not-accredited':
      return { hint: 'the operator of the registry accredits issuers and publishers: firsthand accredit DID …' };
    case 'not-yet-valid':
      return { hint: 'is this machine’s clock right?' };
    case 'rate-limited':
    case 'overloaded':
    case 'unavailable':
      return { hint: 'try again later' };
    default:
      return {};
  }
}

/** Errors of the operating system in words, with what to do. */
function describeSystemError(error: unknown): Failure {
  const { code, path, message } = error as NodeJS.ErrnoException;
  const where = path === undefined ? '' : `: ${path}`;
  switch (code) {
    case 'ENOENT':
      return { code: 'not-found', message: `no such file or folder${where}` };
    case 'EACCES':
    case 'EPERM':
      return { code: 'failed', message: `permission denied${where}`, hint: 'check who owns the file, and its mode' };
    case 'ENOSPC':
    case 'EDQUOT':
      return { code: 'failed', message: `the disk is full${where}`, hint: 'free some space and run the command again' };
    case 'EROFS':
      return { code: 'failed', message: `the file system is read-only${where}` };
    case 'EEXIST':
      return { code: 'conflict', message: `exists already${where}` };
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'EMFILE':
    case 'EIO':
      return { code: 'failed', message: message };
    default: {
      // The registry refuses to serve a log that is not its own or does not add up; what it says is meant for its operator.
      if (error instanceof Error && error.name === 'LogCorrupt') return { code: 'failed', message: error.message };
      const name = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return {
        code: 'failed',
        message: `unexpected error: ${name}`,
        hint: 'FIRSTHAND_DEBUG=1 shows where; please report it',
      };
    }
  }
}
