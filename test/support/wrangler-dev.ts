import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { D1Database } from '@cloudflare/workers-types';
import { getPlatformProxy, unstable_splitSqlQuery as splitSql } from 'wrangler';
import { toBase64Url } from '../../protocol/bytes.ts';
import { signerFromSeed, type Signer } from '../../protocol/ed25519/signer.ts';
import type { PlainKeyFile } from '../../schemas/key-file.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** What `wrangler dev` keeps of a registry from run to run: its databases, blobs, Durable Objects and keys. */
export interface WranglerState {
  folder: string;
  operator: Signer;
  operatorKeyFile: string;
}

/** Prepares an empty folder as the README has an operator prepare an account: databases made, secrets set. */
export async function prepareState(folder: string): Promise<WranglerState> {
  // A copy, for wrangler works beside its configuration, and one that is killed leaves behind what it made there.
  const config = readFileSync(pathOf('wrangler.toml'), 'utf8');
  writeFileSync(join(folder, 'wrangler.toml'), config.replaceAll(/^(main|directory) = "/gm, `$&${pathOf('.')}`));
  const { env, dispose } = await getPlatformProxy<Record<'DB' | 'CONTENT_INDEX', D1Database>>({
    configPath: join(folder, 'wrangler.toml'),
    persist: { path: join(folder, 'v3') },
    remoteBindings: false,
  });
  await migrate(env.DB, pathOf('migrations/registry'));
  await migrate(env.CONTENT_INDEX, pathOf('migrations/content-index'));
  await dispose();
  const seeds = { LOG_KEY: randomBytes(32), SERVICE_KEY: randomBytes(32), OPERATOR_KEY: randomBytes(32) };
  const secrets = Object.entries(seeds).map(([name, seed]) => `${name}=${seed.toString('base64')}\n`);
  writeFileSync(join(folder, 'secrets'), secrets.join(''), { mode: 0o600 });
  const operator = await signerFromSeed(new Uint8Array(seeds.OPERATOR_KEY));
  const key: PlainKeyFile = {
    firsthand: 'key/v1',
    name: 'operator',
    did: operator.did,
    seed: toBase64Url(new Uint8Array(seeds.OPERATOR_KEY)),
  };
  const operatorKeyFile = join(folder, 'operator.json');
  writeFileSync(operatorKeyFile, JSON.stringify(key), { mode: 0o600 });
  return { folder, operator, operatorKeyFile };
}

async function migrate(database: D1Database, folder: string): Promise<void> {
  const files = readdirSync(folder).toSorted();
  const queries = files.flatMap((name) => splitSql(readFileSync(join(folder, name), 'utf8')));
  await database.batch(queries.map((query) => database.prepare(query)));
}

export interface WranglerDev {
  url: string;
  /** Ends wrangler and workerd by SIGKILL. */
  kill(): Promise<void>;
}

/** It asks nobody where this machine is or whether there is a newer wrangler, and tells nobody that it runs. */
const ALONE = { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_HIDE_BANNER: 'true', WRANGLER_SEND_METRICS: 'false' };

/** The Worker in workerd, as `wrangler dev` runs it on a port of its own. */
export async function startWrangler({ folder }: WranglerState): Promise<WranglerDev> {
  const args = ['dev', '--port', '0', '--env-file', join(folder, 'secrets'), '--persist-to', folder];
  const child = spawn(pathOf('node_modules/.bin/wrangler'), args, {
    cwd: folder,
    env: { ...process.env, ...ALONE, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
    // A group of its own, which workerd belongs to.
    detached: true,
  });
  const kill = async (): Promise<void> => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, 'SIGKILL');
    await once(child, 'exit');
  };
  const url = await readyUrl(child);
  if (url === null) {
    await kill();
    throw new Error('wrangler dev ended before it was ready');
  }
  return { url, kill };
}

async function readyUrl({ stdout }: ChildProcess): Promise<string | null> {
  if (stdout === null) return null;
  for await (const line of createInterface(stdout)) {
    const [, url] = /Ready on (http:\S+)/.exec(line) ?? [];
    if (url === undefined) continue;
    // What it says later is read, and dropped.
    stdout.resume();
    return url;
  }
  return null;
}
