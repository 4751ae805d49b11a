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

/** A cache may serve a checkpoint that is some seconds old: how often, and after how long, to ask again. */
const ASK_AGAIN = { times: 4, after: 500 };

export interface KeptHead {
  head: TrustedCheckpoint;
  /** The size of the one that was kept before; null the first time. */
  from: number | null;
}

/**
 * Fetches the log's newest head, proves that it contains the last one that this machine saw, and keeps it in its place.
 * Where the log forked or went back (behind `atLeast` entries, too, which it is known to have had) it throws, and both
 * heads are kept: signed by the same key, they are the proof.
 */
export async function keepHead(
  cli: Pick<Cli, 'env' | 'sleep'>,
  { client, trust }: Connection,
  atLeast = 0,
): Promise<KeptHead> {
  for (let left = ASK_AGAIN.times; ; left--) {
    const head = await client.checkpoint();
    const file = join(stateDir(cli.env), 'heads', `${slugOf(head.origin)}.checkpoint`);
    const kept = await readTextIfThere(file, limits.noteBytes);
    const before = kept === null ? null : await openKept(kept, file, trust);
    // Another process may have seen, and kept, a newer one since this was asked for.
    if (head.size < Math.max(atLeast, before?.size ?? 0) && left > 0) {
      await cli.sleep(ASK_AGAIN.after);
      continue;
    }
    if (before !== null) {
      const growth = await proveGrowth(before, head, client.tiles);
      if (!growth.ok) throw await misbehaved(file, head, growth.reason);
    }
    if (head.size < atLeast) {
      throw new CliError(
        'verification-failed',
        `the log went back: it has ${head.size} entries, and had ${atLeast} before`,
      );
    }
    if (kept !== head.checkpoint) {
      // Kept by another process meanwhile: an older one in its place would let the log go back unnoticed.
      if ((await readTextIfThere(file, limits.noteBytes)) !== kept) continue;
      await writeDurably(file, head.checkpoint);
    }
    return { head, from: before?.size ?? null };
  }
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
