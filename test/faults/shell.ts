import type { Database } from '../../worker/database/port.ts';
import type { Blobs } from '../../worker/deps.ts';

/** Real, empty storage of one registry. */
export interface Storage {
  database: Database;
  /** Another connection to the same log, as a second sequencer has. */
  connect(): Database;
  content: Database;
  blobs: Blobs;
  close(): Promise<void>;
}

/** Where a suite runs: better-sqlite3 and files, or D1 and R2 inside workerd. */
export interface Shell {
  open(): Promise<Storage>;
}
