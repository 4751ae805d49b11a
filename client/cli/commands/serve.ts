import { resolve } from 'node:path';
import * as z from 'zod';
import { CliError } from '../cli-error.ts';
import type { Cli, RunningRegistry } from '../context.ts';
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
}

const Port = z
  .string()
  .regex(/^\d{1,5}$/, 'expected a port from 0 to 65535')
  .transform(Number)
  .pipe(z.int().max(65_535, 'expected a port from 0 to 65535'));

/** Runs a registry on this machine until SIGTERM or SIGINT, then stops it cleanly. */
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
    await stopped;
  } finally {
    await registry.close();
  }
}

async function start(cli: Cli, options: ServeOptions, port: number): Promise<RunningRegistry> {
  const { data, host, origin } = options;
  const issuer = options.issuer === undefined ? undefined : await readIssuerFile(cli, options.issuer);
  try {
    return await cli.startRegistry({
      dataDir: resolve(data),
      port,
      host,
      log: (line) => cli.out.stderr.write(`${sanitizeLine(line.trimEnd())}\n`),
      ...(origin === undefined ? {} : { origin }),
      ...(options.rebuildIndex === undefined ? {} : { rebuildIndex: options.rebuildIndex }),
      ...(issuer === undefined ? {} : { issuer }),
    });
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
    // The registry's own refusals are written for whoever runs it; what the system says is put into words later.
    throw code === undefined && error instanceof Error && error.name === 'Error'
      ? new CliError('failed', message)
      : error;
  }
}
