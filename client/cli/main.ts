import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommanderError, type Command } from 'commander';
import { describe, exitCodeOf, type Failure } from './failure.ts';
import type { Cli, CommonOptions, Context, Servers } from './context.ts';
import { createOutput, jsonLine } from './output.ts';
import { createProgram } from './program.ts';
import { sanitize, sanitizeLine, styleFor } from './terminal.ts';

/** Runs the command line of this process. Sets its exit code; the process ends when nothing is left to do. */
export async function main(argv: readonly string[], servers: Servers): Promise<void> {
  const handlers: (() => void)[] = [];
  const stop = (): void => {
    const handler = handlers.pop();
    // Asked a second time, or with nobody to ask: now.
    if (handler === undefined) process.exit(exitCodeOf('interrupted'));
    handler();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // A reader that went away (| head) is no failure: the verdict is in the exit code. A full disk is one.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return;
      if (stream === process.stdout) report(describe(error), process, false);
      process.exit(1);
    });
  }
  process.exitCode = await runCommand(argv.slice(2), {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    now: Date.now,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    self: [process.execPath, ...process.execArgv, argv[1] as string],
    ...servers,
    onStop(handler) {
      handlers.push(handler);
      return () => {
        const at = handlers.indexOf(handler);
        if (at >= 0) handlers.splice(at, 1);
      };
    },
  });
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
}

/** Runs one command line and answers its exit code. The one place where anything thrown ends. */
export async function runCommand(args: readonly string[], context: Context): Promise<number> {
  const json = args.includes('--json');
  let exitCode = 0;
  const program = createProgram(version(), async (command, action) => {
    exitCode = (await action(cliFor(command, context))) ?? 0;
  });
  configure(program, context, json);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Help that was not asked for: commander has printed it already.
    const isShown = error instanceof CommanderError && (error.code === 'commander.help' || !json);
    const failure = describe(error);
    if (!isShown) report(failure, context, json);
    if (context.env['FIRSTHAND_DEBUG'] === '1' && error instanceof Error) context.stderr.write(`${error.stack}\n`);
    return exitCodeOf(failure.code);
  }
}

function cliFor(command: Command, context: Context): Cli {
  const options = command.opts<CommonOptions>();
  return {
    ...context,
    options,
    out: createOutput(context.stdout, context.stderr, { json: options.json === true, env: context.env }),
  };
}

/** Routes commander's own output through the context, for the program and every command below it. */
function configure(command: Command, context: Context, json: boolean): void {
  command
    .exitOverride()
    .showHelpAfterError(json ? false : '(--help says more)')
    .configureOutput({
      writeOut: (output) => context.stdout.write(output),
      writeErr: (output) => context.stderr.write(output),
      outputError: (output, write) => {
        if (!json) write(`firsthand: ${sanitize(output.replace(/^error: /, ''))}`);
      },
    });
  for (const child of command.commands) configure(child, context, json);
}

function report(failure: Failure, { stderr, env }: Pick<Context, 'stderr' | 'env'>, json: boolean): void {
  if (json) {
    stderr.write(`${jsonLine({ error: failure })}\n`);
    return;
  }
  const colours = stderr.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const details = (failure.errors ?? []).map(({ path, message }) => `  ${path}: ${message}`);
  const lines = [
    `${styleFor(colours).red('firsthand:').text} ${sanitize(failure.message)}`,
    ...details.map(sanitizeLine),
    ...(failure.hint === undefined ? [] : [sanitize(failure.hint)]),
    ...(failure.requestId === undefined ? [] : [`(request ${sanitizeLine(failure.requestId)})`]),
  ];
  stderr.write(`${lines.join('\n')}\n`);
}

const version = (): string => (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
