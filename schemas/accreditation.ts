import * as z from 'zod';
import { FrameworkName, isLevelOf, LevelName } from './frameworks.ts';
import { Did, HttpUrl, line, uniqueList } from './primitives.ts';

/**
 * What an accredited DID may do. `identity-issuer` verifies people, `publisher` composes records,
 * `status-service` signs the registry's status lists.
 */
export const Role = z.enum(['identity-issuer', 'publisher', 'status-service']);
export type Role = z.infer<typeof Role>;

/** Signed by the operator: this DID may act in these roles, up to these levels. */
export const AccreditationSubject = z
  .strictObject({
    id: Did,
    name: line(200),
    url: HttpUrl.optional(),
    /** Empty only in entry 0 of a log, where the operator names itself. */
    roles: uniqueList(Role, 3),
    frameworks: z
      .array(
        z
          .strictObject({ framework: FrameworkName, maxLevel: LevelName })
          .refine((grant) => isLevelOf(grant.framework, grant.maxLevel), {
            path: ['maxLevel'],
            error: 'not a level of this framework',
          }),
      )
      .min(1)
      .max(16)
      .refine((list) => new Set(list.map((item) => item.framework)).size === list.length, 'names one framework twice')
      .optional(),
  })
  .refine((subject) => subject.roles.includes('identity-issuer') === (subject.frameworks !== undefined), {
    path: ['frameworks'],
    error: 'an identity-issuer names its frameworks, nobody else does',
  });
export type AccreditationSubject = z.infer<typeof AccreditationSubject>;
