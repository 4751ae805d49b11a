import type { Database, Write } from '../../worker/database/port.ts';
import type { Shell } from './shell.ts';

/** A real database that remembers its writes: what was made in it once is made anew in others, by the same SQL. */
export class Recording implements Database {
  readonly #batches: (readonly Write[])[] = [];
  readonly all: Database['all'];
  readonly batch: Database['batch'];

  constructor(real: Database) {
    this.all = (query) => real.all(query);
    this.batch = async (writes) => {
      await real.batch(writes);
      this.#batches.push(writes);
    };
  }

  /** Writes all of it again, transaction by transaction, to an empty database. */
  async replay(database: Database): Promise<void> {
    for (const writes of this.#batches) await database.batch(writes);
  }
}

/** What `make` writes to an empty database of its own. */
export async function recorded(shell: Shell, make: (database: Database) => Promise<void>): Promise<Recording> {
  const storage = await shell.open();
  const recording = new Recording(storage.database);
  await make(recording);
  await storage.close();
  return recording;
}
