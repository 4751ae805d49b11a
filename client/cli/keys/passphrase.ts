import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';

/** Whether there is a person to ask. */
export const canAsk = (cli: Cli): boolean => cli.stdin.isTTY === true && cli.stderr.isTTY === true;

/** Asks one question on stderr; what is typed is shown unless `hidden`. */
export async function ask(cli: Cli, question: string, hidden = false): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: cli.stdin, output: hidden ? silent : cli.stderr, terminal: true });
  const abandoned = new Promise<never>((_, reject) => {
    const interrupted = (): void => reject(new CliError('interrupted', 'interrupted'));
    lines.once('SIGINT', interrupted);
    lines.once('close', interrupted);
  });
  abandoned.catch(() => undefined);
  try {
    if (hidden) cli.stderr.write(question);
    return await Promise.race([lines.question(hidden ? '' : question), abandoned]);
  } finally {
    lines.close();
    if (hidden) cli.stderr.write('\n');
  }
}

/** The passphrase of a key: FIRSTHAND_PASSPHRASE, or typed; twice where it is new. Never a flag: those are seen by all. */
export async function passphraseFor(cli: Cli, name: string, isNew: boolean): Promise<string> {
  const given = cli.env['FIRSTHAND_PASSPHRASE'] ?? '';
  if (given !== '') return given;
  if (!canAsk(cli)) {
    throw new CliError(
      'usage',
      `the key "${name}" needs a passphrase, and there is no terminal to ask on`,
      isNew
        ? 'set FIRSTHAND_PASSPHRASE, or make an unprotected key with --insecure-no-passphrase'
        : 'set FIRSTHAND_PASSPHRASE',
    );
  }
  const typed = await ask(cli, `Passphrase for "${name}": `, true);
  if (!isNew) return typed;
  if (typed === '') throw new CliError('usage', 'an empty passphrase protects nothing');
  if ((await ask(cli, 'Once more: ', true)) !== typed) throw new CliError('usage', 'the two passphrases differ');
  return typed;
}
