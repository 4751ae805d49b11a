import type { ProblemCode } from '../schemas/problem.ts';
import type { Tombstone } from '../schemas/api.ts';
import type { RowsFault } from '../protocol/rows/rows-error.ts';

/** The registry understood the request and refused it. `code` is public API (schemas/problem.ts). */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: ProblemCode;
  /** HTTP status. */
  readonly status: number;
  /** What the operator finds the request by; null where something before the registry answered. */
  readonly requestId: string | null;
  /** The fields at fault, as JSON pointers. */
  readonly errors: readonly { path: string; message: string }[];
  /** What is left of an erased statement (`code` is `erased`). */
  readonly tombstone: Tombstone | null;

  constructor(problem: {
    code: ProblemCode;
    status: number;
    detail: string;
    requestId?: string | undefined;
    errors?: readonly { path: string; message: string }[] | undefined;
    tombstone?: Tombstone | undefined;
  }) {
    super(problem.detail);
    this.code = problem.code;
    this.status = problem.status;
    this.requestId = problem.requestId ?? null;
    this.errors = problem.errors ?? [];
    this.tombstone = problem.tombstone ?? null;
  }
}

/** The registry could not be reached, or the answer broke off. Trying again later may help. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly retryable = true;
}

/** What arrived is not what it claims to be: malformed, too large, a wrong hash or signature. Never to be retried. */
export class UntrustedError extends Error {
  override readonly name = 'UntrustedError';
}

/** Why a file cannot be hashed. Public API. */
export type ContentFault =
  | RowsFault
  /** A manifest cannot name it. */
  | 'invalid-path'
  /** It changed since it was picked, or is gone. */
  | 'unreadable'
  | 'too-many-rows';

/** A file that cannot be hashed, and why: the message names it, and the line or the limit where there is one. */
export class ContentError extends Error {
  override readonly name = 'ContentError';
  readonly code: ContentFault;
  readonly path: string;
  /** The message without the path. */
  readonly detail: string;

  constructor(code: ContentFault, path: string, detail: string) {
    super(`${path}: ${detail}`);
    this.code = code;
    this.path = path;
    this.detail = detail;
  }
}
