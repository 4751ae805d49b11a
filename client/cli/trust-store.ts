import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../schemas/limits.ts';
import { encodeVkey } from '../../protocol/log/note.ts';
import { parseTrustPolicy, type TrustPolicy } from '../../protocol/log/trust.ts';
import { pinOf } from '../pin.ts';
import { RegistryClient, type RegistryClientOptions } from '../registry-client.ts';
import { readText, readTextIfThere } from './bounded-file.ts';
import { CliError } from './cli-error.ts';
import { registryUrl, type ProjectConfig } from './config.ts';
import type { Cli } from './context.ts';
import { createDurably } from './durable-file.ts';
import { configDir, slugOf } from './paths.ts';
import { text } from './terminal.ts';

/** A registry whose log's key is known, from a file or from the first visit. */
export interface Connection {
  client: RegistryClient;
  trust: TrustPolicy;
}

const trustDir = (env: NodeJS.ProcessEnv): string => join(configDir(env), 'trust');

/**
 * Connects to the registry. Its log's key comes from --trust; else it is pinned on the first visit, with a note, and a
 * registry that shows another key later is refused.
 */
export async function connect(
  cli: Cli,
  project: ProjectConfig = {},
  options: Pick<RegistryClientOptions, 'signal'> = {},
): Promise<Connection> {
  const url = await registryUrl(cli, project);
  const clientFor = (trust: TrustPolicy): RegistryClient => new RegistryClient({ url, trust, ...options });
  if (cli.options.trust !== undefined) {
    const trust = await readTrust(cli.options.trust);
    return { client: clientFor(trust), trust };
  }
  const visitor = new RegistryClient({ url, ...options });
  const discovery = await visitor.discover();
  const file = join(trustDir(cli.env), `${slugOf(url.replace(/^https?:\/\//, ''))}.policy`);
  const pinned = await readTextIfThere(file, limits.policyBytes);
  if (pinned !== null) {
    const trust = parse(pinned, file);
    if (!keysOf(trust).includes(discovery.vkey)) {
      throw new CliError(
        'verification-failed',
        `${url} now shows another log key than the one pinned in ${file}.\n` +
          `pinned: ${keysOf(trust).join(', ')}\nshown:  ${discovery.vkey}`,
        'either the registry was set up anew or someone stands in its place: ask its operator, and delete the file only if they confirm the new key',
      );
    }
    return { client: clientFor(trust), trust };
  }
  const pin = pinOf(discovery, url);
  if (!pin.ok) throw new CliError('verification-failed', `${url} cannot be trusted: ${pin.reason}`);
  const trust = parse(pin.value, url);
  const client = clientFor(trust);
  // What is pinned must at least hold now.
  await client.checkpoint();
  const content = `# Pinned by firsthand on the first visit.\n# operator ${discovery.operator}\n${pin.value}`;
  // Another process was here first: what that pinned counts.
  if (!(await createDurably(file, content, { folderMode: 0o700 }))) return connect(cli, project, options);
  cli.out.note(text`note: first visit to ${url}; its log key is now pinned in ${file}: ${discovery.vkey}`);
  return { client, trust };
}

/** The trust for checking a certificate of log `origin` without a network: --trust, or the pin of that log. */
export async function offlineTrust(cli: Cli, origin: string): Promise<TrustPolicy> {
  if (cli.options.trust !== undefined) return readTrust(cli.options.trust);
  const dir = trustDir(cli.env);
  const files = (await readdir(dir).catch(() => [])).filter((file) => file.endsWith('.policy'));
  const pins = await Promise.all(
    files.map(async (file) => parse(await readText(join(dir, file), limits.policyBytes), file)),
  );
  const matching = pins.filter((pin) => pin.logs.some((log) => log.key.name === origin));
  const [trust] = matching;
  if (trust === undefined) {
    throw new CliError(
      'verification-failed',
      `no trusted key is known for the log ${origin}`,
      'give --trust FILE (C2SP tlog-policy) with the key as its operator publishes it, or go online once to pin it',
    );
  }
  if (new Set(matching.map((pin) => keysOf(pin).join())).size > 1) {
    throw new CliError(
      'verification-failed',
      `several keys are pinned for the log ${origin}`,
      'say which with --trust FILE',
    );
  }
  return trust;
}

async function readTrust(file: string): Promise<TrustPolicy> {
  return parse(await readText(file, limits.policyBytes), file);
}

const keysOf = (trust: TrustPolicy): string[] => trust.logs.map((log) => encodeVkey(log.key));

function parse(policy: string, file: string): TrustPolicy {
  const trust = parseTrustPolicy(policy);
  if (!trust.ok) throw new CliError('invalid-file', `the trust file ${file}: ${trust.reason}`);
  return trust.value;
}
