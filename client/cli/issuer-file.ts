import { dirname, resolve } from 'node:path';
import { IssuerConfig } from '../../schemas/issuer-config.ts';
import { readText } from './bounded-file.ts';
import { CliError } from './cli-error.ts';
import type { Cli } from './context.ts';
import { readSecret } from './keys/key-store.ts';
import { readYaml } from './yaml-file.ts';

/** Reads an issuer's configuration, and the secrets that it points to: beside it, or in the environment. */
export async function readIssuerFile(
  cli: Cli,
  file: string,
): Promise<{ config: IssuerConfig; secrets: Record<string, string> }> {
  const { value: config, locate } = readYaml(await readText(file, 256 * 1024), IssuerConfig, file);
  const secrets: Record<string, string> = {};
  for (const [i, { name, clientSecretFile, clientSecretEnv }] of config.providers.entries()) {
    if (clientSecretFile !== undefined) {
      secrets[name] = (await readSecret(resolve(dirname(file), clientSecretFile), 4096)).trim();
    } else if (clientSecretEnv !== undefined) {
      secrets[name] = (cli.env[clientSecretEnv] ?? '').trim();
    }
    if (secrets[name] === '') {
      throw new CliError(
        'invalid-file',
        `${locate(['providers', i])}: the client secret of "${name}" is empty`,
        'put it into the file or the environment variable that is named there',
      );
    }
  }
  return { config, secrets };
}
