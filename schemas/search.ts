import * as z from 'zod';
import { decimal, Limit } from './api.ts';
import { Country } from './country.ts';
import { AssistanceLevel, TaskType } from './dataset-record.ts';
import { limits } from './limits.ts';
import { Count, Did, Language, LogTime, StatementId, Term, uniqueList } from './primitives.ts';
import { ModelRelease, Purpose, Use } from './rights-rule.ts';

export const DatasetSummary = z
  .strictObject({
    id: StatementId,
    index: Count,
    loggedAt: LogTime,
    issuer: Did,
    name: z.string(),
    version: z.string(),
    taskType: TaskType,
    assistance: AssistanceLevel,
    license: z.string(),
    revoked: z.boolean(),
  })
  .meta({ id: 'DatasetSummary' });
export type DatasetSummary = z.infer<typeof DatasetSummary>;

/** Countries as a query carries them, with commas between. */
const Territory = z
  .string()
  .max(1_000)
  .transform((list) => list.split(','))
  .pipe(uniqueList(Country, 260))
  .meta({ type: 'string', examples: ['US,DE'] });

/** The words of a search: what has a letter or a digit. A NUL, at which SQLite ends a text, parts them as a space does. */
export const wordsOf = (text: string): string[] => text.split(/[\s\0]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));

export const SearchQuery = z
  .strictObject({
    q: z
      .string()
      .min(1)
      .max(200)
      .refine((text) => wordsOf(text).length <= limits.searchWords, `expected ${limits.searchWords} words at most`)
      .optional(),
    taskType: TaskType.optional(),
    domain: Term.optional(),
    language: Language.optional(),
    maxAssistance: AssistanceLevel.optional(),
    /** Only what everybody may use so now, with duties or without. What is left out is read at its worst. */
    use: Use.optional(),
    purpose: Purpose.optional(),
    territory: Territory.optional(),
    modelRelease: ModelRelease.optional(),
    /** The `next` of the page before. */
    after: decimal({ min: 0 }).optional(),
    limit: Limit,
  })
  .superRefine(({ use, purpose, territory, modelRelease }, context) => {
    const [given] = Object.entries({ purpose, territory, modelRelease }).find(([, value]) => value !== undefined) ?? [];
    if (use !== undefined || given === undefined) return;
    context.addIssue({ code: 'custom', path: ['use'], message: `is missing, which ${given} is about` });
  });
export type SearchQuery = z.infer<typeof SearchQuery>;

/** Newest first; `next` is null on the last page. */
export const SearchPage = z
  .strictObject({
    datasets: z.array(DatasetSummary),
    next: Count.nullable(),
    /** Of a search by use: datasets that wait to be judged, and are not listed until then; 10,000 for so many or more. */
    due: Count.optional(),
  })
  .meta({ id: 'SearchPage' });
export type SearchPage = z.infer<typeof SearchPage>;
