import { join } from 'node:path';
import { limits } from '../../schemas/limits.ts';
import { toBase64 } from '../../protocol/bytes.ts';
import { proveGrowth } from '../log-tiles.ts';
import { openCheckpoint, type TrustedCheckpoint } from '../receipt.ts';
import { readTextIfThere } from './bounded-file.ts';
import { CliError } from './cli-error.ts';
import type { Cli } from './context.ts';
import { writeDurably } from './durable-file.ts';
import { slugOf, stateDir } from './paths.ts';
import type { Connection } from './trust-store.ts';

/**
 * Proves that a verified head contains the last one that this machine saw of its log, and keeps it in its place. Answers
 * the size of the one before; null the first time. Where the log forked or went back it throws, and both heads are kept:
 * signed by the same key, they are the proof.
 */
export async function keepHead(
  cli: Pick<Cli, 'env'>,
  { client, trust }: Connection,
  head: TrustedCheckpoint,
): Promise<number | null> {
  const file = join(stateDir(cli.env), 'heads', `${slugOf(head.origin)}.checkpoint`);
  const kept = await readTextIfThere(file, limits.noteBytes);
  const before = kept === null ? null : await openKept(kept, file, trust);
  if (before !== null) {
    const growth = await proveGrowth(before, head, client.tiles);
    if (!growth.ok) throw await misbehaved(file, head, growth.reason);
  }
  if (kept !== head.checkpoint) await writeDurably(file, head.checkpoint);
  return before?.size ?? null;
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
