import { randomBytes } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { KeyFile } from '../../../schemas/key-file.ts';
import { fromBase64, fromBase64Url, toBase64Url, type Bytes } from '../../../protocol/bytes.ts';
import { signerFromSeed, type Signer } from '../../../protocol/ed25519/signer.ts';
import { CliError } from '../cli-error.ts';
import { readUserConfig, type ProjectConfig } from '../config.ts';
import type { Cli } from '../context.ts';
import { createDurably } from '../durable-file.ts';
import { readFlag } from '../flags.ts';
import { configDir } from '../paths.ts';
import { openSeed, sealSeed } from './key-cipher.ts';
import { passphraseFor } from './passphrase.ts';

export const KeyName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected a key’s name: letters, digits and . _ -, 64 at most');

/** A key on disk, still sealed. */
export interface StoredKey {
  file: string;
  key: KeyFile;
}

const KEY_BYTES = 16 * 1024;

export const keysDir = (env: NodeJS.ProcessEnv): string => join(configDir(env), 'keys');
const fileOf = (env: NodeJS.ProcessEnv, name: string): string => join(keysDir(env), `${name}.json`);

/** Makes a key and stores it, never over another. `protect: false` leaves its seed in the clear. */
export async function createKey(cli: Cli, name: string, protect: boolean): Promise<StoredKey> {
  const file = fileOf(cli.env, readFlag(KeyName, name, '--name'));
  // Asked first: nobody should type a passphrase twice for nothing.
  if ((await namesOf(cli.env)).includes(name)) throw exists(name, file);
  const seed: Bytes = new Uint8Array(randomBytes(32));
  const { did } = await signerFromSeed(seed);
  const key: KeyFile = protect
    ? await sealSeed(seed, await passphraseFor(cli, name, true), name, did)
    : { firsthand: 'key/v1', name, did, seed: toBase64Url(seed) };
  const isNew = await createDurably(file, `${JSON.stringify(key, null, 2)}\n`, { mode: 0o600, folderMode: 0o700 });
  if (!isNew) throw exists(name, file);
  return { file, key };
}

const exists = (name: string, file: string): CliError =>
  new CliError('conflict', `a key named "${name}" exists already: ${file}`, 'choose another with --name');

/** All keys in the store, by name. */
export async function listKeys(env: NodeJS.ProcessEnv): Promise<StoredKey[]> {
  const names = await namesOf(env);
  return Promise.all(names.map((name) => readKey(fileOf(env, name))));
}

/** The key to sign with: --key, FIRSTHAND_KEY_FILE, firsthand.yaml, user config, "default", the only one there is. */
export async function selectKey(cli: Cli, project: ProjectConfig = {}): Promise<StoredKey> {
  const file = cli.env['FIRSTHAND_KEY_FILE'] || undefined;
  if (cli.options.key === undefined && file !== undefined) return readKey(file);
  const named = cli.options.key ?? project.key ?? (await readUserConfig(cli.env)).key;
  const names = await namesOf(cli.env);
  const [only = 'default'] = names.length === 1 ? names : [];
  const name = named ?? (names.includes('default') ? 'default' : only);
  if (!names.includes(readFlag(KeyName, name, '--key'))) {
    if (named === undefined && names.length > 1) {
      throw new CliError('usage', `which key? There are ${names.join(', ')}`, 'give --key NAME');
    }
    throw new CliError('not-found', `there is no key named "${name}"`, `make one: firsthand key new --name ${name}`);
  }
  return readKey(fileOf(cli.env, name));
}

/** Unlocks a key. */
export async function openSigner(cli: Cli, { key, file }: StoredKey): Promise<Signer> {
  let seed: Bytes | null;
  if ('seed' in key) {
    seed = fromBase64Url(key.seed);
  } else {
    try {
      seed = await openSeed(key, await passphraseFor(cli, key.name, false));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new CliError('invalid-file', `the key file ${file} ${error.message}`);
    }
    if (seed === null) throw new CliError('not-authorised', `wrong passphrase for "${key.name}" (${file})`);
  }
  const signer = seed?.length === 32 ? await signerFromSeed(seed) : null;
  if (signer?.did !== key.did)
    throw new CliError('invalid-file', `the key file ${file} was altered: its seed is not ${key.did}’s`);
  return signer;
}

async function namesOf(env: NodeJS.ProcessEnv): Promise<string[]> {
  const files = await readdir(keysDir(env)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return files
    .filter((file) => file.endsWith('.json') && !file.startsWith('.'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted();
}

async function readKey(file: string): Promise<StoredKey> {
  const text = await readSecret(file, KEY_BYTES);
  // A Worker's secret, as it was put there: 32 bytes in base64.
  const seed = fromBase64(text.trim());
  if (seed?.length === 32) {
    const { did } = await signerFromSeed(seed);
    return { file, key: { firsthand: 'key/v1', name: 'secret', did, seed: toBase64Url(seed) } };
  }
  const parsed = KeyFile.safeParse(parse(text));
  if (!parsed.success) {
    const hint = 'expected what `firsthand key new` writes, or 32 bytes in base64';
    throw new CliError('invalid-file', `${file} is not a key file`, hint);
  }
  return { file, key: parsed.data };
}

/** Reads a secret file, unless others than its owner may read it too. */
export async function readSecret(file: string, max: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { mode, size } = await handle.stat();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new CliError('failed', `${file} can be read by others`, `keep it to yourself: chmod 600 ${file}`);
    }
    if (size > max) throw new CliError('invalid-file', `${file} is larger than ${max} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
