import * as z from 'zod';
import { DecisionQuestion } from '../../schemas/decision.ts';
import { limits } from '../../schemas/limits.ts';
import { Day, LogTime, Timestamp } from '../../schemas/primitives.ts';
import { CliError } from './cli-error.ts';
import { readFlag, readOptional } from './flags.ts';

/** The options that say what is asked of rights. */
export interface QuestionOptions {
  use: string;
  purpose?: string;
  territory?: string[];
  modelRelease?: string;
  field?: string;
  licensee?: string;
  at?: string;
}

const At = z.union([Timestamp, LogTime, Day], 'expected a UTC time, as 2026-11-21T08:00:00Z, or a day');

/** The time that `--at` gives, which is none to come after `now` in milliseconds; a day is its beginning. */
export function readAt(value: string | undefined, now: number): string | undefined {
  const given = readOptional(At, value, '--at');
  const at = given?.length === 10 ? `${given}T00:00:00Z` : given;
  if (at !== undefined && Date.parse(at) > now + limits.clockSkew) {
    throw new CliError(
      'usage',
      `--at: nobody knows yet what holds as of ${at}`,
      'of a mix, firsthand rights --portfolio … --expiring DAYS says what is known of it',
    );
  }
  return at;
}

/** What somebody means to do, whatever with. */
export function readQuestion(options: QuestionOptions, now: number): DecisionQuestion {
  const { shape } = DecisionQuestion;
  const given = {
    purpose: readOptional(shape.purpose, options.purpose, '--purpose'),
    territory: readOptional(shape.territory, options.territory, '--territory'),
    modelRelease: readOptional(shape.modelRelease, options.modelRelease, '--model-release'),
    field: readOptional(shape.field, options.field, '--field'),
    licensee: readOptional(shape.licensee, options.licensee, '--licensee'),
    at: readAt(options.at, now),
  };
  return {
    use: readFlag(shape.use, options.use, '--use'),
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as Partial<DecisionQuestion>),
  };
}
