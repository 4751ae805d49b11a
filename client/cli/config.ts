import { join } from 'node:path';
import * as z from 'zod';
import { HttpUrl } from '../../schemas/primitives.ts';
import { serviceUrl } from '../transport.ts';
import { readTextIfThere } from './bounded-file.ts';
import { CliError } from './cli-error.ts';
import type { Cli } from './context.ts';
import { configDir } from './paths.ts';

/** What a person sets once: `$XDG_CONFIG_HOME/firsthand/config.yaml`. */
const UserConfig = z.strictObject({ registry: HttpUrl.optional(), key: z.string().optional() });
type UserConfig = z.infer<typeof UserConfig>;

/** Settings of the dataset at hand (firsthand.yaml), which come before the user's. */
export type ProjectConfig = { [Field in keyof UserConfig]?: UserConfig[Field] | undefined };

export async function readUserConfig(env: NodeJS.ProcessEnv): Promise<UserConfig> {
  const file = join(configDir(env), 'config.yaml');
  const source = await readTextIfThere(file, 64 * 1024);
  if (source === null) return {};
  // Every command reads its settings, and most find none: what reads YAML is loaded where there is some.
  const { readYaml } = await import('./yaml-file.ts');
  return readYaml(source, UserConfig, file).value;
}

/** The registry to speak to: --registry, FIRSTHAND_REGISTRY, firsthand.yaml, user config. */
export async function registryUrl(cli: Cli, project: ProjectConfig = {}): Promise<string> {
  const url =
    cli.options.registry ||
    cli.env['FIRSTHAND_REGISTRY'] ||
    project.registry ||
    (await readUserConfig(cli.env)).registry;
  if (url === undefined) {
    throw new CliError(
      'usage',
      'which registry?',
      'give --registry URL or set FIRSTHAND_REGISTRY; firsthand serve starts one on this machine (verify can do without: --offline)',
    );
  }
  if (serviceUrl(url) === null) {
    throw new CliError('usage', `the registry ${url} is not an http(s) URL: expected http(s)://host[:port][/path]`);
  }
  return url.replace(/\/+$/, '');
}
