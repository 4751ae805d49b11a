import * as z from 'zod';
import { LogTime, StatementId } from './primitives.ts';
import { StatementKind } from './statement.ts';

/** One leaf of the log. Its bytes are the JCS of this object; bodies and names never enter the tree. */
export const LogEntry = z.strictObject({ id: StatementId, kind: StatementKind, loggedAt: LogTime });
export type LogEntry = z.infer<typeof LogEntry>;
