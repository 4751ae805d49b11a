import * as z from 'zod';
import { DecisionQuestion } from '../../schemas/decision.ts';
import { Day, LogTime, Timestamp } from '../../schemas/primitives.ts';
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

/** The time that `--at` gives; a day is its beginning. */
export function readAt(value: string | undefined): string | undefined {
  const at = readOptional(At, value, '--at');
  return at?.length === 10 ? `${at}T00:00:00Z` : at;
}

/** What somebody means to do, whatever with. */
export function readQuestion(options: QuestionOptions): DecisionQuestion {
  const { shape } = DecisionQuestion;
  const given = {
    purpose: readOptional(shape.purpose, options.purpose, '--purpose'),
    territory: readOptional(shape.territory, options.territory, '--territory'),
    modelRelease: readOptional(shape.modelRelease, options.modelRelease, '--model-release'),
    field: readOptional(shape.field, options.field, '--field'),
    licensee: readOptional(shape.licensee, options.licensee, '--licensee'),
    at: readAt(options.at),
  };
  return {
    use: readFlag(shape.use, options.use, '--use'),
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as Partial<DecisionQuestion>),
  };
}
