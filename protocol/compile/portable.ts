import type * as z from 'zod';

/** A schema by which many values are read. Workers and many pages may not make code, so it is never compiled here. */
export const compiledInTime =
  <T extends z.ZodType>(schema: T): ((values?: number) => T) =>
  () =>
    schema;
