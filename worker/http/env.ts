import type { ProblemCode } from '../../schemas/problem.ts';

/** What a request carries through the app. */
export interface Env {
  Variables: {
    requestId: string;
    /** The problem that it ended with, for the log. */
    code?: ProblemCode;
  };
}
