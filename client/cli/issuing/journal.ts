import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { limits } from '../../../schemas/limits.ts';
import { Count, LogTime, StatementId, type Did } from '../../../schemas/primitives.ts';
import { isKind, type Statement } from '../../../schemas/statement.ts';
import { parseJson, type Json } from '../../../protocol/json.ts';
import { readStatement } from '../../../protocol/statement.ts';
import type { BatchResult } from '../../submit-batch.ts';
import { readText } from '../bounded-file.ts';
import type { Cli } from '../context.ts';
import { writeDurably } from '../durable-file.ts';
import { slugOf, stateDir } from '../paths.ts';
import { takeLock } from './lock.ts';

/** A credential that went from this machine into the log. */
export interface JournalEntry {
  id: string;
  index: number;
  loggedAt: string;
  document: Statement<'HumanCredential'>;
}

/** Where an issuer's credentials in one log are remembered on this machine. */
const folderOf = (env: NodeJS.ProcessEnv, log: string, issuer: Did): string =>
  join(stateDir(env), 'issued', slugOf(log), slugOf(issuer));
const historyOf = (folder: string): string => join(folder, 'issued.ndjson');

/**
 * What an issuer signed, kept on this machine: signed statements lie durably in `outbox/` before they are sent, and leave
 * it once the registry's answer is in `issued.ndjson`. Whenever the machine stops, the next run sends what lies in the
 * outbox again, the same bytes, which the log holds once: nobody is attested twice. No reference to a person is in it.
 */
export class Journal {
  readonly #outbox: string;
  readonly #history: FileHandle;
  readonly #release: () => Promise<void>;

  private constructor(folder: string, history: FileHandle, release: () => Promise<void>) {
    this.#outbox = join(folder, 'outbox');
    this.#history = history;
    this.#release = release;
  }

  /** Opens it for this process alone. */
  static async open(cli: Cli, log: string, issuer: Did): Promise<Journal> {
    const folder = folderOf(cli.env, log, issuer);
    await mkdir(join(folder, 'outbox'), { recursive: true, mode: 0o700 });
    const release = await takeLock(join(folder, 'lock'));
    const history = await open(historyOf(folder), 'a', 0o600);
    // A line that a crash cut off must not spoil the next one.
    await history.appendFile('\n');
    return new Journal(folder, history, release);
  }

  /** Batches that were signed, and may or may not have been logged. */
  async *unsettled(): AsyncGenerator<{ name: string; statements: string[] }> {
    for (const name of (await readdir(this.#outbox)).filter((file) => !file.startsWith('.')).toSorted()) {
      const text = await readText(join(this.#outbox, name), 2 * limits.batchStatements * limits.statementBytes);
      yield { name, statements: text.split('\n').filter((line) => line !== '') };
    }
  }

  /** Keeps statements that are about to be sent; resolves once they are on the disk. */
  async keep(statements: readonly string[]): Promise<string> {
    const name = `${Date.now()}-${randomBytes(6).toString('hex')}.ndjson`;
    await writeDurably(join(this.#outbox, name), `${statements.join('\n')}\n`, { mode: 0o600 });
    return name;
  }

  /** Records the registry's answers to a batch, in its order. */
  async settle(name: string, statements: readonly string[], results: readonly BatchResult[]): Promise<void> {
    const lines = results.flatMap((result, at) => {
      if (!result.ok) return [];
      const { id, index, loggedAt } = result.value;
      return [`{"id":"${id}","index":${index},"loggedAt":"${loggedAt}","document":${statements[at]}}\n`];
    });
    await this.#history.appendFile(lines.join(''));
    await this.#history.datasync();
    await rm(join(this.#outbox, name));
  }

  async close(): Promise<void> {
    await this.#history.close();
    await this.#release();
  }
}

/** What this machine remembers of an issuer, log by log, oldest first. */
export async function* readJournals(
  env: NodeJS.ProcessEnv,
  issuer: Did,
): AsyncGenerator<JournalEntry & { log: string }> {
  const logs = await readdir(join(stateDir(env), 'issued')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const log of logs.toSorted((a, b) => (a < b ? -1 : 1))) {
    for await (const entry of readHistory(historyOf(folderOf(env, log, issuer)))) yield { ...entry, log };
  }
}

/** Each entry once: a crash between its two steps makes {@link Journal.settle} run again. */
async function* readHistory(file: string): AsyncGenerator<JournalEntry> {
  const seen = new Set<string>();
  const source = createReadStream(file);
  try {
    for await (const line of createInterface({ input: source })) {
      const entry = parseEntry(line);
      if (entry === null || seen.has(entry.id)) continue;
      seen.add(entry.id);
      yield entry;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    source.destroy();
  }
}

const JournalLine = z.strictObject({ id: StatementId, index: Count, loggedAt: LogTime, document: z.unknown() });

/** One line; null where a crash cut it off. */
function parseEntry(line: string): JournalEntry | null {
  const json = parseJson(line);
  const entry = JournalLine.safeParse(json.ok ? json.value : null);
  if (!entry.success) return null;
  const parsed = readStatement(entry.data.document as Json);
  if (!parsed.ok || !isKind(parsed.value.document, 'HumanCredential')) return null;
  return { ...entry.data, document: parsed.value.document };
}
