import type { StatementId } from '../../schemas/primitives.ts';
import { loggedAlready } from '../database/evidence.ts';
import type { Database } from '../database/port.ts';

/** Which of these statements are logged already. */
export type Logged = (ids: readonly StatementId[]) => Promise<ReadonlySet<StatementId>>;

/** As the database says. */
export const loggedIn =
  (database: Database): Logged =>
  async (ids) =>
    new Set((await database.all(loggedAlready(ids))).map(({ id }) => id));
