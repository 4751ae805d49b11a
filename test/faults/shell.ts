import type { Database } from '../../worker/database/port.ts';
import type { Stores } from '../support/deps.ts';

/** Real, empty storage of one registry. */
export interface Storage extends Stores {
  /** Another connection to the same log, as a second sequencer has. */
  connect(): Database;
  close(): Promise<void>;
}

/** Where a suite runs: better-sqlite3 and files, or D1 and R2 inside workerd. */
export interface Shell {
  open(): Promise<Storage>;
}
