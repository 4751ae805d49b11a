import * as z from 'zod';
import { StatementId } from './primitives.ts';

/** Vocabularies of others in which the rights in a record can be said. */
export const ExportFormat = z.enum(['aipref', 'cawg', 'rsl', 'odrl', 'croissant', 'tdmrep']);
export type ExportFormat = z.infer<typeof ExportFormat>;

/** The rights in a record, over its whole lineage, in one of them. */
export const RightsExport = z
  .strictObject({
    format: ExportFormat,
    /** Of the document, where it is a file of its own. */
    mediaType: z.string(),
    /** What the document follows. */
    version: z.string(),
    /** Text, or JSON; null where the format can say nothing of it. */
    document: z.union([z.string(), z.record(z.string(), z.unknown())]).nullable(),
    /** What it could not say, a sentence each. */
    lost: z.array(z.string()),
  })
  .meta({ id: 'RightsExport' });
export type RightsExport = z.infer<typeof RightsExport>;

export const ExportParams = z.object({ id: StatementId, format: ExportFormat });
