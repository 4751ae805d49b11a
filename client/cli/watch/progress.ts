import { join } from 'node:path';
import * as z from 'zod';
import { limits } from '../../../schemas/limits.ts';
import { Digest } from '../../../schemas/primitives.ts';
import { parseJson } from '../../../protocol/json.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import { openCheckpoint, type TrustedCheckpoint } from '../../receipt.ts';
import { readTextIfThere } from '../bounded-file.ts';
import type { Cli } from '../context.ts';
import { writeDurably } from '../durable-file.ts';
import { slugOf, stateDir } from '../paths.ts';
import { text } from '../terminal.ts';

/** How far these certificates were followed. */
export interface Progress {
  head: TrustedCheckpoint;
  certificates: ReadonlySet<Digest>;
}

const Stored = z.strictObject({
  version: z.literal(1),
  checkpoint: z.string().max(limits.noteBytes),
  certificates: z.array(Digest).max(100_000),
});

const FILE_BYTES = 8 * 1024 * 1024;

const fileOf = (env: NodeJS.ProcessEnv, origin: string): string =>
  join(stateDir(env), 'watch', `${slugOf(origin)}.json`);

/** What the last run kept for this log. What cannot be used is said and left aside: reading more again loses nothing. */
export async function readProgress(cli: Cli, origin: string, trust: TrustPolicy): Promise<Progress | null> {
  const file = fileOf(cli.env, origin);
  const source = await readTextIfThere(file, FILE_BYTES);
  if (source === null) return null;
  const json = parseJson(source);
  const stored = Stored.safeParse(json.ok ? json.value : null);
  const head = stored.success ? await openCheckpoint(stored.data.checkpoint, trust) : null;
  if (stored.success && head?.ok === true && head.value.origin === origin) {
    return { head: head.value, certificates: new Set(stored.data.certificates) };
  }
  cli.out.note(text`note: ${file} cannot be used; catching up from the certificates themselves`);
  return null;
}

export async function writeProgress(cli: Cli, { head, certificates }: Progress): Promise<void> {
  const stored: z.infer<typeof Stored> = {
    version: 1,
    checkpoint: head.checkpoint,
    certificates: [...certificates].toSorted(),
  };
  await writeDurably(fileOf(cli.env, head.origin), `${JSON.stringify(stored)}\n`, { folderMode: 0o700 });
}
