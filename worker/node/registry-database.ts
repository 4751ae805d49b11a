import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuse } from '../../protocol/result.ts';
import type { Refusal, SubmissionMessage } from '../admission/admit.ts';
import { OVERLOADED, POOL, UNAVAILABLE, type Outcome, type Sequencer, type SequencerDeps } from '../log/sequencer.ts';
import { openThreadedSqlite, type ThreadedSqlite } from './threaded-sqlite.ts';

/** The log that the thread is to sequence, and the file of its key. */
export interface SequencedLog {
  origin: string;
  keyFile: string;
}

/** What one caller appends. */
export interface Append {
  ticket: number;
  messages: SubmissionMessage[];
}

export type CommitRequest = { log: SequencedLog } | { appends: Append[] };

/** What the thread says: what became of appends, with the log's size then; or what an operator should know. */
export interface CommitMessage {
  answers?: { ticket: number; outcomes: Outcome[] }[];
  size?: number;
  event?: string;
  detail?: string;
}

export interface RegistryDatabase extends ThreadedSqlite {
  /** Sequences a log, in the other thread. To be called once. */
  sequence(log: SequencedLog): Sequencer;
}

/** An append whose answer is waited for. */
interface Waiting {
  statements: number;
  bytes: number;
  settle(outcomes: Outcome[]): void;
}

/**
 * The database of a registry's data folder. Its log is sequenced by the thread that writes, as a Durable Object does it
 * elsewhere: from one commit to the next, nobody else is waited for.
 */
export function openRegistryDatabase(
  dataDir: string,
  { grew, report }: Required<Pick<SequencerDeps, 'grew' | 'report'>>,
): RegistryDatabase {
  const waiting = new Map<number, Waiting>();
  const pooled = { statements: 0, bytes: 0 };
  let outbox: Append[] = [];
  let tickets = 0;
  const database = openThreadedSqlite(
    join(dataDir, 'registry.sqlite'),
    fileURLToPath(new URL('../../migrations/registry', import.meta.url)),
    {
      heard({ answers = [], size, event, detail = '' }: CommitMessage) {
        for (const { ticket, outcomes } of answers) settle(ticket, outcomes);
        if (size !== undefined) grew(size);
        if (event !== undefined) report(event, detail);
      },
    },
  );
  void database.died.then(refuseAll);

  return {
    ...database,
    sequence(log) {
      database.tell({ log } satisfies CommitRequest);
      return { append };
    },
    async close() {
      await database.close();
      refuseAll();
    },
  };

  function append(checked: readonly SubmissionMessage[]): Promise<Outcome[]> {
    const statements = checked.length;
    const bytes = checked.reduce((sum, { canonical }) => sum + canonical.length, 0);
    // What the thread has not come to yet is as much as may wait for it.
    if (pooled.statements + statements > POOL.statements || pooled.bytes + bytes > POOL.bytes) {
      return Promise.resolve(refused(statements, OVERLOADED));
    }
    pooled.statements += statements;
    pooled.bytes += bytes;
    const ticket = tickets++;
    if (outbox.length === 0) process.nextTick(send);
    outbox.push({ ticket, messages: checked.map(({ id, canonical }) => ({ id, canonical })) });
    return new Promise((resolve) => waiting.set(ticket, { statements, bytes, settle: resolve }));
  }

  /** Sends once no promise has anything left to do: the thread is woken for each message. */
  function send(): void {
    const appends = outbox;
    outbox = [];
    if (!database.tell({ appends } satisfies CommitRequest)) refuseAll();
  }

  function settle(ticket: number, outcomes: Outcome[]): void {
    const append = waiting.get(ticket);
    if (append === undefined) return;
    waiting.delete(ticket);
    pooled.statements -= append.statements;
    pooled.bytes -= append.bytes;
    append.settle(outcomes);
  }

  /** Nobody will answer any more. What was under way may be logged: submitted again, it is found. */
  function refuseAll(): void {
    for (const [ticket, { statements }] of waiting) settle(ticket, refused(statements, UNAVAILABLE));
  }
}

const refused = (statements: number, reason: Refusal): Outcome[] =>
  Array.from({ length: statements }, () => refuse(reason));
