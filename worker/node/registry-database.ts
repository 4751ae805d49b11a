import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Result } from '../../protocol/result.ts';
import type { Refusal } from '../admission/admit.ts';
import type { Checked } from '../admission/check.ts';
import type { Outcome, SequencerDeps } from '../log/sequencer.ts';
import { openThreadedSqlite, type ThreadedSqlite } from './threaded-sqlite.ts';

/** The log that the thread is to sequence, the file of its key, and the statements a minute that a key may log. */
export interface SequencedLog {
  origin: string;
  keyFile: string;
  rateLimit: number;
}

/** One caller's statements, in order: form and signature are judged. */
export interface CheckedJob {
  ticket: number;
  checked: Result<Checked, Refusal>[];
}

/** What the thread is told: the log, once; and where statements come from. */
export type CommitRequest = { log: SequencedLog } | { checked: MessagePort };

/** What the thread says: what became of jobs, with the log's size then; or what an operator should know. */
export interface CommitMessage {
  answers?: { ticket: number; outcomes: Outcome[] }[];
  size?: number;
  event?: string;
  detail?: string;
}

export interface RegistryDatabase extends ThreadedSqlite {
  /** Sequences a log, in the other thread; `settle` hears what became of each job. To be called once. */
  sequence(log: SequencedLog, settle: (ticket: number, outcomes: Outcome[]) => void): void;
  /** A way for a thread that checks to send {@link CheckedJob}s to the one that sequences. */
  connect(): MessagePort;
}

/**
 * The database of a registry's data folder. Its log is sequenced by the thread that writes, as a Durable Object does it
 * elsewhere: from one commit to the next, nobody else is waited for.
 */
export function openRegistryDatabase(
  dataDir: string,
  { grew, report }: Required<Pick<SequencerDeps, 'grew' | 'report'>>,
): RegistryDatabase {
  let answer: Parameters<RegistryDatabase['sequence']>[1] = () => {};
  const database = openThreadedSqlite(
    join(dataDir, 'registry.sqlite'),
    fileURLToPath(new URL('../../migrations/registry', import.meta.url)),
    {
      heard({ answers = [], size, event, detail = '' }: CommitMessage) {
        for (const { ticket, outcomes } of answers) answer(ticket, outcomes);
        if (size !== undefined) grew(size);
        if (event !== undefined) report(event, detail);
      },
    },
  );
  return {
    ...database,
    sequence(log, settle) {
      answer = settle;
      database.tell({ log } satisfies CommitRequest);
    },
    connect() {
      const { port1, port2 } = new MessageChannel();
      database.tell({ checked: port1 } satisfies CommitRequest, [port1]);
      return port2;
    },
  };
}
