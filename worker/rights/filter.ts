import { sql } from 'kysely';
import { permitting, type Permits, type PublicQuestion } from '../../protocol/rights/permits.ts';
import { db, type Database } from '../database/port.ts';
import { permitsOfText } from './listings.ts';

/** Permits that are read at once, and remembered: they never change. Those beyond are read each time. */
const READ = 4096;
const REMEMBERED = 8192;

/** Finds the permits under which a request is permitted. */
export type FindPermits = (question: PublicQuestion) => Promise<number[]>;

export function createFindPermits(database: Database): FindPermits {
  const known = new Map<number, Permits>();
  let through = 0;

  return async (question) => {
    const found: number[] = [];
    const isPermitting = permitting(question);
    const judge = (id: number, permits: Permits): void => void (isPermitting(permits) && found.push(id));
    for (const [id, permits] of known) judge(id, permits);
    for (let after = through; ;) {
      const rows = await database.all(permitsAfter(after));
      for (const { id, text } of rows) {
        const permits = permitsOfText(text);
        judge(id, permits);
        if (known.size >= REMEMBERED || id <= through) continue;
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
