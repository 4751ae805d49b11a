import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { signerFromSeed } from '../../../protocol/ed25519/signer.ts';
import { cliIn, temporaryFolder } from '../testing/run-cli.ts';
import { openSeed, sealSeed } from './key-cipher.ts';

const seed = new Uint8Array(32).fill(7);
const keyFile = (home: string, name = 'default'): string => join(home, '.config/firsthand/keys', `${name}.json`);

test('a sealed seed opens with its passphrase and no other, and is bound to its name and did', async () => {
  const { did } = await signerFromSeed(seed);
  const sealed = await sealSeed(seed, 'pässword', 'ada', did);
  expect(await openSeed(sealed, 'pässword')).toEqual(seed);
  // The same passphrase, decomposed.
  expect(await openSeed(sealed, 'pa\u0308ssword')).toEqual(seed);
  expect(await openSeed(sealed, 'password')).toBeNull();
  expect(await openSeed({ ...sealed, name: 'eve' }, 'pässword')).toBeNull();
  const other = (await signerFromSeed(new Uint8Array(32))).did;
  expect(await openSeed({ ...sealed, did: other }, 'pässword')).toBeNull();
});

test('a key file that asks for absurd work is refused before any is done', async () => {
  const { did } = await signerFromSeed(seed);
  const sealed = await sealSeed(seed, 'x', 'ada', did);
  const greedy = { ...sealed, kdf: { ...sealed.kdf, N: 1_048_576, r: 32 } };
  await expect(openSeed(greedy, 'x')).rejects.toThrow(RangeError);
});

test('a key is made once, for its owner’s eyes, and never in the clear', async () => {
  const home = temporaryFolder();
  const run = cliIn(home);
  const made = await run('key', 'new', '--json');
  expect(made.code).toBe(0);
  const { name, did } = JSON.parse(made.stdout) as { name: string; did: string };
  expect(name).toBe('default');
  expect(statSync(keyFile(home)).mode & 0o777).toBe(0o600);
  expect(statSync(join(home, '.config/firsthand/keys')).mode & 0o777).toBe(0o700);
  const before = readFileSync(keyFile(home), 'utf8');
  expect(JSON.parse(before)).toMatchObject({ firsthand: 'key/v1', did, kdf: { N: 131_072 } });
  expect(before).not.toContain('"seed"');

  const again = await run('key', 'new');
  expect(again).toMatchObject({ code: 7, stdout: '' });
  expect(readFileSync(keyFile(home), 'utf8')).toBe(before);
  expect(readdirSync(join(home, '.config/firsthand/keys'))).toEqual(['default.json']);
  expect(JSON.parse((await run('key', 'show', '--json')).stdout)).toMatchObject({ name, did });
});

test('without a passphrase and without a terminal, it says what to set', async () => {
  const run = cliIn(temporaryFolder(), { env: { FIRSTHAND_PASSPHRASE: '' } });
  const refused = await run('key', 'new');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/set FIRSTHAND_PASSPHRASE/);
  const plain = await run('key', 'new', '--insecure-no-passphrase');
  expect(plain.code).toBe(0);
  expect(plain.stderr).toMatch(/^warning: whoever reads/);
});

test('a name cannot lead out of the store', async () => {
  const run = cliIn(temporaryFolder());
  for (const name of ['../evil', 'a/b', '.hidden', '']) {
    expect((await run('key', 'new', '--name', name)).code).toBe(2);
    expect((await run('key', 'show', '--key', name)).code).toBe(2);
  }
});

test('a key that others can read is refused, with the remedy', async () => {
  const home = temporaryFolder();
  const run = cliIn(home);
  await run('key', 'new', '--insecure-no-passphrase');
  chmodSync(keyFile(home), 0o640);
  const refused = await run('key', 'show');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`chmod 600 ${keyFile(home)}`);
});

test('a damaged key file is told apart from a missing one', async () => {
  const home = temporaryFolder();
  const run = cliIn(home);
  const missing = await run('key', 'show');
  expect(missing.code).toBe(5);
  expect(missing.stderr).toContain('firsthand key new');
  await run('key', 'new', '--insecure-no-passphrase');
  writeFileSync(keyFile(home), '{"firsthand":"key/v1"');
  expect((await run('key', 'show')).stderr).toContain('is not a key file');
});

test('FIRSTHAND_KEY_FILE picks the key, --key comes before it, and the only key needs no name', async () => {
  const home = temporaryFolder();
  const run = cliIn(home);
  const didOf = async (...args: string[]): Promise<string> => (await run('key', 'show', ...args)).stdout.trim();
  await run('key', 'new', '--name', 'one', '--insecure-no-passphrase');
  const one = await didOf();
  await run('key', 'new', '--name', 'two', '--insecure-no-passphrase');
  expect((await run('key', 'show')).stderr).toMatch(/one, two/);
  const two = await didOf('--key', 'two');
  expect(two).not.toBe(one);
  const withFile = cliIn(home, { env: { FIRSTHAND_KEY_FILE: keyFile(home, 'two') } });
  expect((await withFile('key', 'show')).stdout.trim()).toBe(two);
  expect((await withFile('key', 'show', '--key', 'one')).stdout.trim()).toBe(one);
  const listed = JSON.parse((await run('key', 'list', '--json')).stdout) as { keys: { name: string }[] };
  expect(listed.keys.map((key) => key.name)).toEqual(['one', 'two']);
});
