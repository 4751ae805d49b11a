import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Servers } from '../context.ts';
import { runCommand } from '../main.ts';

/** How a command ended, and what it said. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'firsthand-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Around extends Partial<Servers> {
  env?: Record<string, string>;
  stdin?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
}

const none = (): Promise<never> => Promise.reject(new Error('no server in this test'));
const NO_SERVERS: Servers = { startRegistry: none, startIssuer: none, openBans: none };

/** Runs commands in this process, with a home of their own, a passphrase and no terminal. */
export const cliIn =
  (home: string, around: Around = {}): ((...args: string[]) => Promise<Ran>) =>
  (...args) =>
    run(home, args, { ...around, env: { FIRSTHAND_PASSPHRASE: 'a passphrase', ...around.env } });

/** The command under way, whatever becomes of it: a process has one working directory. */
let previous: Promise<unknown> = Promise.resolve();

/** Runs one command to its end as a process that was started in `home` would, but in this one. One at a time. */
export function firsthand(home: string, args: readonly string[], around: Around = {}): Promise<Ran> {
  const ran = previous.then(async () => {
    const before = process.cwd();
    process.chdir(home);
    return run(home, args, around).finally(() => process.chdir(before));
  });
  previous = ran.catch(() => undefined);
  return ran;
}

async function run(
  home: string,
  args: readonly string[],
  { env, stdin = '', now = Date.now, ...servers }: Around,
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [said, complained] = [collect(stdout), collect(stderr)];
  const code = await runCommand(args, {
    env: { HOME: home, ...env },
    stdin: Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]),
    stdout,
    stderr,
    now,
    // Nobody else has to be waited for.
    sleep: (ms) => sleep(ms / 20),
    self: [],
    ...NO_SERVERS,
    ...servers,
    onStop: () => () => undefined,
  });
  return { code, stdout: said(), stderr: complained() };
}

function collect(stream: PassThrough): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
