import type { StatementId } from '../../schemas/primitives.ts';
import type { StatementKind } from '../../schemas/statement.ts';
import { toBase64 } from '../../protocol/bytes.ts';
import { entryLeafHash, entryText } from '../../protocol/log/entry.ts';
import type { Hash } from '../../protocol/log/merkle.ts';
import { encodeReceipt } from '../../protocol/log/receipt.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { submissionOf, type Refusal, type Submission, type SubmissionMessage } from '../admission/admit.ts';
import { createJudge } from '../admission/judge.ts';
import type { BulkWrite, Database } from '../database/port.ts';
import { projectionsOf } from '../database/projections.ts';
import { listingsOf } from '../rights/listings.ts';
import { clockFault } from './clock.ts';
import { LogCorrupt } from './log-corrupt.ts';
import { extendLog, extensionQueries, loadLog, sizeOf, type LogState } from './log-state.ts';
import { receiptsOf } from './receipts.ts';

/** What became of one submission. `isNew` is false for one that was logged before: it gets its first receipt again. */
export interface Appended {
  id: StatementId;
  kind: StatementKind;
  index: number;
  loggedAt: string;
  receipt: string;
  isNew: boolean;
}

export type Outcome = Result<Appended, Refusal>;

/** Another sequencer grew the log meanwhile. */
class RaceLost extends Error {
  override readonly message = 'the log has grown by another sequencer’s hand';
}

/** Where submissions become entries. */
export interface Sequencer {
  /** Admits and logs statements whose form and signature are good. Answers in order; a refusal spoils no other. */
  append(messages: readonly SubmissionMessage[]): Promise<Outcome[]>;
}

export interface SequencerDeps {
  database: Database;
  origin: string;
  /** The log's key. */
  signer: Signer;
  now(): number;
  /** Told of the log's size after each commit, and whenever it is read again. */
  grew?(size: number): void;
  /** Told of what an operator should know. */
  report?(event: string, detail: string): void;
}

interface Waiting {
  submissions: readonly Submission[];
  bytes: number;
  settle(outcomes: Outcome[]): void;
}

/** Statements and bytes in one commit, and in the pool that waits for the next. */
const COMMIT = { statements: 2000, bytes: 8 * 1024 * 1024 };
export const POOL = { statements: 20_000, bytes: 64 * 1024 * 1024 };
/** Failures in a row before a group is refused, and races lost to another sequencer. */
const ATTEMPTS = 4;
/** Milliseconds before the first retry; each later one waits twice as long. */
const PAUSE = 10;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const RACES = 100;

export const OVERLOADED: Refusal = { code: 'overloaded', detail: 'the registry is busy; try again in a second' };
/** Of statements whose commit was not heard of. */
export const UNAVAILABLE: Refusal = {
  code: 'unavailable',
  detail: 'the log could not be written; whether this statement was logged is unknown. Submit it again: that is safe',
};

/**
 * The group commit (runtime.md). While a commit is in flight, arrivals pool; when it ends, the pool commits. One commit
 * is one transaction, and only one is in flight. Of two sequencers over one database, the loser's transaction aborts
 * as a whole; it reloads and tries again.
 */
export function createSequencer(deps: SequencerDeps): Sequencer {
  const { database, origin, signer } = deps;
  let state: LogState | null = null;
  const { judge, grown } = createJudge(database);
  let isRunning = false;
  const pool: Waiting[] = [];
  const pooled = { statements: 0, bytes: 0 };

  return {
    append(messages) {
      const bytes = messages.reduce((sum, { canonical }) => sum + canonical.length, 0);
      if (pooled.statements + messages.length > POOL.statements || pooled.bytes + bytes > POOL.bytes) {
        return Promise.resolve(messages.map(() => refuse(OVERLOADED)));
      }
      const submissions = messages.map(submissionOf);
      const settled = new Promise<Outcome[]>((settle) => pool.push({ submissions, bytes, settle }));
      pooled.statements += submissions.length;
      pooled.bytes += bytes;
      if (!isRunning) {
        isRunning = true;
        // What comes in one turn is logged together.
        queueMicrotask(() => void run());
      }
      return settled;
    },
  };

  async function run(): Promise<void> {
    try {
      while (pool.length > 0) {
        const group = take();
        const outcomes = await commitOrRefuse(group.flatMap((waiting) => waiting.submissions));
        for (const waiting of group) waiting.settle(outcomes.splice(0, waiting.submissions.length));
      }
    } finally {
      isRunning = false;
    }
  }

  async function commitOrRefuse(submissions: readonly Submission[]): Promise<Outcome[]> {
    try {
      return await commit(submissions);
    } catch (error) {
      report('commit-failed', error);
      return submissions.map(() => refuse(UNAVAILABLE));
    }
  }

  function report(event: string, error: unknown): void {
    deps.report?.(event, error instanceof Error ? error.message : String(error));
  }

  function take(): Waiting[] {
    const group: Waiting[] = [];
    let statements = 0;
    let bytes = 0;
    for (;;) {
      const next = pool[0];
      if (next === undefined) break;
      statements += next.submissions.length;
      bytes += next.bytes;
      if (group.length > 0 && (statements > COMMIT.statements || bytes > COMMIT.bytes)) break;
      group.push(pool.shift() as Waiting);
      pooled.statements -= next.submissions.length;
      pooled.bytes -= next.bytes;
    }
    return group;
  }

  async function commit(submissions: readonly Submission[]): Promise<Outcome[]> {
    let failure: unknown;
    let failures = 0;
    let size = 0;
    for (let attempt = 0; attempt < RACES && failures < ATTEMPTS; attempt++) {
      try {
        // Anything that failed leaves the state unknown: it is read again before anything is built on it.
        state ??= await loadLog(database, origin, signer.publicKey);
        // The log has grown meanwhile: what failed was a race lost to another sequencer, which is no failure.
        if (state.range.size > size) failures = 0;
        size = state.range.size;
        // A commit whose outcome was unknown, and another sequencer's, are heard of here.
        deps.grew?.(size);
        return await commitOnce(state, submissions);
      } catch (error) {
        if (error instanceof LogCorrupt) throw error;
        state = null;
        failures++;
        failure = error;
        report('commit-retried', error);
        if (failures < ATTEMPTS) await pause(PAUSE * 2 ** failures);
      }
    }
    throw failure;
  }

  async function commitOnce(from: LogState, submissions: readonly Submission[]): Promise<Outcome[]> {
    const loggedAt = Math.max(deps.now(), from.lastLoggedAt);
    const start = from.range.size;
    const judged = await judge(start, submissions, loggedAt);
    const { fresh, refused } = judged;
    // A refusal is final to who hears it, and only a commit would show that another sequencer has been at work.
    if (fresh.length === 0 && refused.size > 0 && (await sizeOf(database)) !== start) throw new RaceLost();
    // Only those who may sign at all bear out a clock.
    const clock = fresh.length === 0 ? null : clockFault(loggedAt, from.lastLoggedAt, fresh);
    if (clock !== null) {
      report('clock-doubted', clock.detail);
      for (const { id } of fresh.splice(0)) refused.set(id, clock);
    }
    const receipts = new Map<StatementId, Appended>();
    if (fresh.length > 0) {
      const entries = fresh.map(({ id, kind }) => ({ id, kind, loggedAt: logTimeOf(loggedAt) }));
      const inserted = fresh.map(({ id, document }, i) => ({ id, index: start + i, document }));
      const listed = await listingsOf(database, inserted, loggedAt);
      const extension = await extendLog(from, entries.map(entryLeafHash), loggedAt, origin, signer);
      // A crash before this line leaves the log as it was; after it, everything is there. Nothing is in between.
      await database.batch([
        insertStatements(fresh, start, loggedAt),
        ...projectionsOf(inserted, listed),
        ...extensionQueries(extension),
      ]);
      // Only now does anyone hear of it. Where the batch failed, but may have persisted, the retry finds the
      // statements logged and answers from the log itself.
      state = extension.state;
      grown(fresh, state.range.size);
      deps.grew?.(state.range.size);
      const proofs = extension.proofs();
      const textOf = memoized(toBase64);
      for (const [i, entry] of entries.entries()) {
        const receipt = {
          entry: entryText(entry),
          index: start + i,
          proof: proofs[i] ?? [],
          checkpoint: extension.note,
        };
        receipts.set(entry.id, {
          id: entry.id,
          kind: entry.kind,
          index: start + i,
          loggedAt: entry.loggedAt,
          receipt: encodeReceipt(receipt, textOf),
          isNew: true,
        });
      }
    }
    const replayed = await receiptsOf(database, judged.logged);
    return submissions.map(({ id }) => {
      const appended = receipts.get(id) ?? replayed.get(id);
      if (appended === undefined) return refuse(refused.get(id) as Refusal);
      const outcome = ok({ ...appended });
      // The same statement twice in one group: the first made the entry, the others are replays of it.
      appended.isNew = false;
      return outcome;
    });
  }
}

/** Writes each hash once: the proofs of a group share most of theirs. */
function memoized(write: (hash: Hash) => string): (hash: Hash) => string {
  const texts = new Map<Hash, string>();
  return (hash) => {
    let text = texts.get(hash);
    if (text === undefined) texts.set(hash, (text = write(hash)));
    return text;
  };
}

/** Inserts statements in log order. */
const insertStatements = (fresh: readonly Submission[], start: number, loggedAt: number): BulkWrite => ({
  sql: 'INSERT INTO statements (log_index, id, kind, issuer, logged_at, body) VALUES (?, ?, ?, ?, ?, ?)',
  rows: fresh.map(({ id, kind, document, canonical }, i) => [
    start + i,
    id,
    kind,
    document.issuer,
    loggedAt,
    canonical,
  ]),
});
