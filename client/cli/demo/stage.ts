import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { sanitize } from '../terminal.ts';

/** One command that the demo ran, and how it ended. */
export interface Step {
  command: string;
  exitCode: number;
}

interface RunOptions {
  /** The exit code that the story needs. */
  expect: number;
  /** Set for this command alone, and shown before it. */
  env?: Record<string, string>;
  /** What the output must say. */
  says?: string;
}

/** A registry that the stage started. */
export interface Served {
  url: string;
  operatorKeyFile: string;
  stop(): Promise<void>;
}

/** How long a process may take to stop, and to answer, in milliseconds. */
const GRACE = 5_000;
const PATIENCE = 60_000;

/**
 * Runs the real commands as processes of their own, in a temporary folder that is also their home. Whatever it started
 * is gone when {@link close} returns.
 */
export class Stage {
  readonly folder: string;
  readonly steps: Step[] = [];
  readonly #cli: Cli;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Set<ChildProcess>();
  #stopped = false;

  private constructor(cli: Cli, folder: string) {
    this.#cli = cli;
    this.folder = folder;
    const inherited = Object.entries(cli.env).filter(([name]) => !/^(FIRSTHAND_|XDG_)/.test(name));
    this.#env = { ...Object.fromEntries(inherited), HOME: folder };
  }

  static async open(cli: Cli): Promise<Stage> {
    return new Stage(cli, await mkdtemp(join(tmpdir(), 'firsthand-demo-')));
  }

  say(words: string): void {
    this.#print(`\n${this.#cli.out.style.bold(words).text}\n`);
  }

  /** Sets a variable for all commands from here on. */
  export(name: string, value: string): void {
    this.#env[name] = value;
    this.#print(`$ export ${name}=${sanitize(quote(value))}\n`);
  }

  /** Runs one command to its end; fails loudly if it does not end as the story needs. Returns its stdout. */
  async run(args: readonly string[], { expect, env = {}, says }: RunOptions): Promise<string> {
    const command = this.#show(args, env);
    const child = this.#start(args, env);
    let stdout = '';
    let all = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      all += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => (all += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    const exitCode = await ended(child).finally(() => clearTimeout(timer));
    this.#requireRunning();
    this.#print(sanitize(all).replace(/^(?=.)/gm, '  '));
    if (exitCode !== 0) this.#print(`  (exit code ${exitCode})\n`);
    this.steps.push({ command, exitCode });
    if (exitCode !== expect)
      throw new CliError('failed', `the demo broke: "${command}" ended with ${exitCode}, not ${expect}`);
    if (says !== undefined && !all.includes(says))
      throw new CliError('failed', `the demo broke: "${command}" does not say "${says}"`);
    return stdout;
  }

  /** Runs a command under --json and returns what it printed. */
  async ask(args: readonly string[]): Promise<Record<string, unknown>> {
    const child = this.#start([...args, '--json'], {});
    let stdout = '';
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.resume();
    const exitCode = await ended(child);
    this.#requireRunning();
    if (exitCode !== 0) throw new CliError('failed', `the demo broke: "${args.join(' ')}" ended with ${exitCode}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** Starts a registry on any free port. */
  async serve(): Promise<Served> {
    const args = ['serve', '--data', 'registry', '--port', '0'];
    this.#show(args, {});
    const child = this.#start([...args, '--json'], {});
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const first = await Promise.race([new Promise<string>((resolve) => lines.once('line', resolve)), ended(child)]);
    this.#requireRunning();
    if (typeof first !== 'string') throw new CliError('failed', `the registry did not start: ${complaint.trim()}`);
    const ready = JSON.parse(first) as { url: string; vkey: string; operatorKeyFile: string };
    this.#print(`  ${ready.url}  ${ready.vkey}\n`);
    return {
      ...ready,
      stop: async () => {
        this.#print('\n$ kill %1    # the registry\n');
        await halt(child);
      },
    };
  }

  /** Ends whatever still runs and removes the folder. */
  async close(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running].map(halt));
    await rm(this.folder, { recursive: true, force: true });
  }

  #requireRunning(): void {
    if (this.#stopped) throw new CliError('interrupted', 'interrupted');
  }

  #start(args: readonly string[], env: Record<string, string>): ChildProcess {
    this.#requireRunning();
    const [program, ...rest] = this.#cli.self;
    const child = spawn(program as string, [...rest, ...args], {
      cwd: this.folder,
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    child.once('close', () => this.#running.delete(child));
    return child;
  }

  #show(args: readonly string[], env: Record<string, string>): string {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${quote(value)} `);
    const command = `${variables.join('')}firsthand ${args.map(quote).join(' ')}`;
    this.#print(`\n$ ${sanitize(command)}\n`);
    return command;
  }

  #print(output: string): void {
    const stream = this.#cli.out.json ? this.#cli.stderr : this.#cli.stdout;
    stream.write(output);
  }
}

/** A word as a shell reads it. */
export const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

function ended(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 130));
  });
}

async function halt(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = ended(child);
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE);
  await gone.finally(() => clearTimeout(timer));
}
