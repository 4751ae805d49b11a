import * as z from 'zod';
import { Country } from './country.ts';
import { AssistanceLevel } from './dataset-record.ts';
import { FrameworkName, isLevelOf, LevelName } from './frameworks.ts';
import { Count, Did, Term, Timestamp, uniqueList } from './primitives.ts';
import { ModelRelease, Purpose, Use } from './rights-rule.ts';

/** A length of time: `90s`, `15m`, `24h`, `730d`. */
export const Duration = z.string().regex(/^[1-9]\d{0,6}[smhd]$/, 'expected a duration, as 24h or 730d');

/** What a buyer demands. Whatever is named is checked; what cannot be checked fails. */
export const Policy = z
  .strictObject({
    policy: z.literal('firsthand/v1'),
    trust: z
      .strictObject({
        /** Only credentials of these issuers count. Absent: every issuer that the operator accredited. */
        issuers: uniqueList(Did, 1000).min(1).optional(),
        operator: Did.optional(),
        /** A status list older than this, or none, fails. */
        statusMaxAge: Duration.optional(),
        /** Judge as of this time. */
        asOf: Timestamp.optional(),
      })
      .optional(),
    human: z
      .strictObject({
        required: z.boolean().optional(),
        /** Per framework; a credential of a framework not named here does not count. */
        minLevel: z
          .partialRecord(FrameworkName, LevelName)
          .refine(
            (levels) => Object.entries(levels).every(([name, level]) => isLevelOf(name as FrameworkName, level)),
            'names a level that its framework does not have',
          )
          .optional(),
        /** Longest time from the identity check to the signing. */
        maxCredentialAge: Duration.optional(),
        minDistinct: Count.optional(),
        expertise: uniqueList(Term, 32).min(1).optional(),
      })
      .optional(),
    assistance: z.strictObject({ max: AssistanceLevel }).optional(),
    content: z.strictObject({ minCoverage: z.number().min(0).max(1) }).optional(),
    review: z.strictObject({ min: Count, independent: z.boolean().optional() }).optional(),
    rights: z
      .strictObject({
        use: uniqueList(Use, 15).min(1),
        purpose: Purpose.optional(),
        territory: uniqueList(Country, 260).min(1).optional(),
        modelRelease: ModelRelease.optional(),
        field: Term.optional(),
        licensee: Did.optional(),
        unknown: z.enum(['deny', 'allow']).optional(),
      })
      .optional(),
  })
  .meta({ id: 'Policy' });
export type Policy = z.infer<typeof Policy>;
