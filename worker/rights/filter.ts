import { sql } from 'kysely';
import { decodePermits, permitting, type Permits, type PublicQuestion } from '../../protocol/rights/permits.ts';
import { db, type Database } from '../database/port.ts';

/** Permits that are read at once. */
const READ = 4096;
/** Characters of permits that are remembered, for they never change; some 50,000 permits. Those beyond are read each time. */
const REMEMBERED = 8 * 1024 * 1024;

/** Finds the permits under which a request is permitted. */
export type FindPermits = (question: PublicQuestion) => Promise<number[]>;

export function createFindPermits(database: Database, remembered = REMEMBERED): FindPermits {
  const known = new Map<number, Permits>();
  let through = 0;
  let characters = 0;

  return async (question) => {
    const found: number[] = [];
    const isPermitting = permitting(question);
    const judge = (id: number, permits: Permits): void => void (isPermitting(permits) && found.push(id));
    for (const [id, permits] of known) judge(id, permits);
    for (let after = through; ;) {
      const rows = await database.all(permitsAfter(after));
      for (const { id, text } of rows) {
        const permits = decodePermits(text);
        judge(id, permits);
        // All up to one of them, and none after it: what is not remembered is found by where that ends.
        if (id <= through || (characters += text.length) > remembered) continue;
        known.set(id, permits);
        through = id;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < READ) return found;
      after = last.id;
    }
  };
}

const permitsAfter = (id: number) =>
  sql<{ id: number; text: string }>`SELECT id, text FROM permits WHERE id > ${id} ORDER BY id LIMIT ${READ}`.compile(
    db,
  );
