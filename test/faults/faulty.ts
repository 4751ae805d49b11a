import type { Database } from '../../worker/database/port.ts';

/**
 * What becomes of one call: it works; it fails before anything happened; or it happens, and its answer is lost on the
 * way, which its caller cannot tell from a failure.
 */
export type Fate = 'works' | 'fails' | 'persists';

/** The fates of the next calls in order, then of all later ones. */
export interface Fault {
  name: string;
  writes: readonly Fate[];
  /** Of the reads from the first listed write on. */
  reads?: readonly Fate[];
  /** Of all later calls, until the database is mended; they work unless said otherwise. */
  later?: { writes: Fate; reads: Fate };
}

export class Injected extends Error {
  override readonly name = 'Injected';
}

/** Calls through, or not, as fate has it. */
export async function suffer<T>(fate: Fate, call: () => Promise<T>): Promise<T> {
  if (fate === 'fails') throw new Injected('the storage failed before it did anything');
  const answer = await call();
  if (fate === 'persists') throw new Injected('the storage did it, but its answer was lost');
  return answer;
}

/** A real database whose calls fail as told. */
export class FaultyDatabase implements Database {
  readonly #real: Database;
  #fault: Fault | null = null;
  #writes = 0;
  #reads = 0;

  constructor(real: Database) {
    this.#real = real;
  }

  /** Writes that were tried since the fault was set. */
  get writes(): number {
    return this.#writes;
  }

  break(fault: Fault): void {
    this.#fault = fault;
    this.#writes = 0;
    this.#reads = 0;
  }

  mend(): void {
    this.#fault = null;
  }

  all: Database['all'] = (query) => {
    const fault = this.#fault;
    if (fault === null || this.#writes === 0) return this.#real.all(query);
    return suffer(fault.reads?.[this.#reads++] ?? fault.later?.reads ?? 'works', () => this.#real.all(query));
  };

  batch: Database['batch'] = (queries) => {
    const fault = this.#fault;
    if (fault === null) return this.#real.batch(queries);
    return suffer(fault.writes[this.#writes++] ?? fault.later?.writes ?? 'works', () => this.#real.batch(queries));
  };
}

/** Faults that pass: whoever retries gets through. */
export const PASSING: readonly Fault[] = [
  { name: 'the write fails', writes: ['fails'] },
  { name: 'the write fails, but persisted', writes: ['persists'] },
  { name: 'two writes in a row fail', writes: ['fails', 'fails'] },
  { name: 'a write fails, and the next fails but persisted', writes: ['fails', 'persists'] },
  { name: 'the write fails, and the reads right after it', writes: ['fails'], reads: ['fails', 'fails'] },
  {
    name: 'the write fails but persisted, and the reads right after it fail',
    writes: ['persists'],
    reads: ['fails', 'fails'],
  },
  { name: 'the write works, and the read right after it fails', writes: ['works'], reads: ['fails'] },
];

/** Faults that stay until the storage is mended: nothing can be acknowledged, whatever persisted. */
export const LASTING: readonly Fault[] = [
  { name: 'every write fails', writes: [], later: { writes: 'fails', reads: 'works' } },
  { name: 'every call after the write fails', writes: ['fails'], later: { writes: 'fails', reads: 'fails' } },
  {
    name: 'the write fails but persisted, and every later call fails',
    writes: ['persists'],
    later: { writes: 'fails', reads: 'fails' },
  },
];
