import { resolve } from 'node:path';
import * as z from 'zod';
import { HeaderName } from '../../../schemas/issuer-config.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readFlag } from '../flags.ts';
import { readIssuerFile } from '../issuer-file.ts';
import { sanitizeLine, text } from '../terminal.ts';

export interface ServeOptions {
  data: string;
  port: string;
  host: string;
  origin?: string;
  issuer?: string;
  rebuildIndex?: boolean;
  clientAddressHeader?: string;
}

export const Port = z
  .string()
  .regex(/^\d{1,5}$/, 'expected a port from 0 to 65535')
  .transform(Number)
  .pipe(z.int().max(65_535, 'expected a port from 0 to 65535'));

/** Runs a registry on this machine until SIGTERM or SIGINT, or until it can write no more, then stops it cleanly. */
export async function serve(cli: Cli, options: ServeOptions): Promise<void> {
  const port = readFlag(Port, options.port, '--port');
  const stopped = new Promise<void>((stop) => cli.onStop(stop));
  const registry = await start(cli, options, port);
  try {
    const { url, origin, vkey, operator, operatorKeyFile, issuer } = registry;
    cli.out.result(
      { url, origin, vkey, operator, operatorKeyFile, ...(issuer === undefined ? {} : { issuer }) },
      () => text`registry  ${url}
log       ${vkey}
operator  ${operator}
          (its key: FIRSTHAND_KEY_FILE=${operatorKeyFile})
data      ${resolve(options.data)}${issuer === undefined ? '' : text`\nissuer    ${issuer.url}\n          ${issuer.did}`}

Press Ctrl-C to stop.`,
    );
    const failed = await Promise.race([stopped, registry.failed]);
    if (failed !== undefined) {
      throw new CliError(
        'failed',
        `the registry can write no more: ${failed.message}`,
        'start it again: what it acknowledged is there',
      );
    }
  } finally {
    await registry.close();
  }
}

async function start(cli: Cli, options: ServeOptions, port: number) {
  const { data, host, origin, issuer: file } = options;
  const header =
    options.clientAddressHeader === undefined
      ? undefined
      : readFlag(HeaderName, options.clientAddressHeader, '--client-address-header');
  const issuer = file === undefined ? undefined : await readIssuerFile(cli, file);
  return listening({ host, port }, () =>
    cli.startRegistry({
      dataDir: resolve(data),
      port,
      host,
      log: logLine(cli),
      ...(origin === undefined ? {} : { origin }),
      ...(options.rebuildIndex === undefined ? {} : { rebuildIndex: options.rebuildIndex }),
      ...(header === undefined ? {} : { clientAddressHeader: header }),
      ...(issuer === undefined ? {} : { issuer }),
    }),
  );
}

/** Where a server's own log goes: to stderr, a line an event. */
export const logLine =
  (cli: Cli): ((line: string) => void) =>
  (line) =>
    void cli.out.stderr.write(`${sanitizeLine(line.trimEnd())}\n`);

/** Starts a server; says what is wrong with its address, and passes its own refusals on. */
export async function listening<T>(
  { host, port }: { host: string; port: number },
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new CliError(
        'failed',
        `port ${port} is in use`,
        'stop the program that has it, or choose another with --port N (0 takes any free one)',
      );
    }
    if (code === 'EACCES' && port > 0 && port < 1024) {
      throw new CliError(
        'failed',
        `port ${port} needs more rights than you have`,
        'choose one above 1023 with --port N',
      );
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new CliError('usage', `--host: this machine has no address ${host}`);
    // A server's own refusals are written for whoever runs it; what the system says is put into words later.
    throw code === undefined && error instanceof Error && error.name === 'Error'
      ? new CliError('failed', message)
      : error;
  }
}
