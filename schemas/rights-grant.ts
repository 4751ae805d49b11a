import * as z from 'zod';
import { Did, line, StatementId } from './primitives.ts';
import { RightsRule } from './rights-rule.ts';

/** Signed by a record's rights holder: that licensee may use it so. */
export const RightsGrantSubject = z.strictObject({
  /** The licensee. */
  id: Did,
  record: StatementId,
  rules: z.array(RightsRule).min(1).max(64),
  /** A contract number or the like. */
  reference: line(200).optional(),
});
export type RightsGrantSubject = z.infer<typeof RightsGrantSubject>;
