import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../../schemas/limits.ts';
import { toBase64 } from '../../../protocol/bytes.ts';
import { durationMs } from '../../../protocol/time.ts';
import { Duration } from '../../../schemas/policy.ts';
import { NetworkError, RegistryError } from '../../errors.ts';
import { proveGrowth } from '../../log-tiles.ts';
import { openCheckpoint, type TrustedCheckpoint } from '../../receipt.ts';
import { readTextIfThere } from '../bounded-file.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { writeDurably } from '../durable-file.ts';
import { readFlag } from '../flags.ts';
import { slugOf, stateDir } from '../paths.ts';
import { text } from '../terminal.ts';
import { connect, type Connection } from '../trust-store.ts';

export interface MonitorOptions {
  once?: boolean;
  interval: string;
}

/**
 * Follows a log and checks that it only grows: each head must contain the last one seen, which is kept on disk. A log
 * that forked or went back ends the command, and both heads are kept: signed by the same key, they are the proof.
 */
export async function logMonitor(cli: Cli, options: MonitorOptions): Promise<void> {
  const interval = durationMs(readFlag(Duration, options.interval, '--interval'));
  const connection = await connect(cli);
  if (options.once === true) return checkOnce(cli, connection);
  const stop = new AbortController();
  const release = cli.onStop(() => stop.abort());
  try {
    while (!stop.signal.aborted) {
      try {
        await checkOnce(cli, connection);
      } catch (error) {
        // A registry that is away for a while is no misbehaviour.
        if (!(error instanceof NetworkError) && !(error instanceof RegistryError)) throw error;
        cli.out.note(text`note: ${error.message}`);
      }
      await sleep(interval, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    release();
  }
}

async function checkOnce(cli: Cli, { client, trust }: Connection): Promise<void> {
  const head = await client.checkpoint();
  const file = join(stateDir(cli.env), 'heads', `${slugOf(head.origin)}.checkpoint`);
  const kept = await readTextIfThere(file, limits.noteBytes);
  const before = kept === null ? null : await openKept(kept, file, trust);
  if (before !== null) {
    const growth = await proveGrowth(before, head, client.tiles);
    if (!growth.ok) throw await misbehaved(file, head, growth.reason);
  }
  await writeDurably(file, head.checkpoint);
  const from = before?.size ?? null;
  cli.out.result({ origin: head.origin, from, size: head.size, root: toBase64(head.root), consistent: true }, () =>
    from === null
      ? text`${head.origin}: first head seen, size ${head.size}`
      : text`${head.origin}: consistent from size ${from} to ${head.size}`,
  );
}

async function openKept(kept: string, file: string, trust: Connection['trust']): Promise<TrustedCheckpoint> {
  const opened = await openCheckpoint(kept, trust);
  if (opened.ok) return opened.value;
  throw new CliError(
    'verification-failed',
    `the head kept in ${file} does not hold: ${opened.reason}`,
    'if the trusted keys changed for a good reason, move that file away',
  );
}

async function misbehaved(file: string, head: TrustedCheckpoint, reason: string): Promise<CliError> {
  const evidence = file.replace(
    /checkpoint$/,
    `${toBase64(head.root)
      .replace(/[^A-Za-z0-9]/g, '')
      .slice(0, 12)}.conflict`,
  );
  await writeDurably(evidence, head.checkpoint);
  return new CliError(
    'verification-failed',
    reason,
    `both heads are kept as evidence: ${file} and ${evidence}; tell others who use this registry`,
  );
}
