import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { StartRegistry } from '../context.ts';
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

/** Runs commands in this process, with a home of their own and no terminal. */
export function cliIn(
  home: string,
  {
    env = {},
    stdin = '',
    startRegistry,
  }: { env?: Record<string, string>; stdin?: string; startRegistry?: StartRegistry } = {},
): (...args: string[]) => Promise<Ran> {
  return async (...args) => {
    const [stdout, stderr, input] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const [said, complained] = [collect(stdout), collect(stderr)];
    input.end(stdin);
    const code = await runCommand(args, {
      env: { HOME: home, FIRSTHAND_PASSPHRASE: 'a passphrase', ...env },
      stdin: input as unknown as NodeJS.ReadStream,
      stdout,
      stderr,
      now: Date.now,
      self: [],
      startRegistry: startRegistry ?? (() => Promise.reject(new Error('no registry in this test'))),
      onStop: () => () => undefined,
    });
    return { code, stdout: said(), stderr: complained() };
  };
}

function collect(stream: PassThrough): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
