import type { ProblemCode } from '../../schemas/problem.ts';

/** What a request carries through the app. */
export interface Env {
  Variables: {
    requestId: string;
    /** What its answer carries unless it says otherwise. */
    headers: Readonly<Record<string, string>>;
    /** The answer that has them already. */
    answer?: Response;
    /** The problem that it ended with, for the log. */
    code?: ProblemCode;
  };
}
