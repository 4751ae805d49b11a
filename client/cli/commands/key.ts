import type { Cli } from '../context.ts';
import { createKey, keysDir, listKeys, selectKey } from '../keys/key-store.ts';
import { table, text } from '../terminal.ts';

export async function keyNew(cli: Cli, options: { name: string; insecureNoPassphrase?: boolean }): Promise<void> {
  const isProtected = options.insecureNoPassphrase !== true;
  const { key, file } = await createKey(cli, options.name, isProtected);
  if (!isProtected) cli.out.note(text`warning: whoever reads ${file} can sign as ${key.did}`);
  cli.out.result(
    { name: key.name, did: key.did, file },
    () => text`${key.did}\nkept in ${file}\nBack it up: a lost key is lost for good.`,
  );
}

export async function keyList(cli: Cli): Promise<void> {
  const keys = (await listKeys(cli.env)).map(({ key, file }) => ({
    name: key.name,
    did: key.did,
    protected: 'sealed' in key,
    file,
  }));
  cli.out.result({ keys }, () =>
    keys.length === 0
      ? text`no keys in ${keysDir(cli.env)}; make one: firsthand key new`
      : text`${table(keys.map((key) => [key.name, key.did, key.protected ? '' : 'no passphrase'])).join('\n')}`,
  );
}

export async function keyShow(cli: Cli, options: { name?: string }): Promise<void> {
  const named = options.name ?? cli.options.key;
  const { key, file } = await selectKey(
    named === undefined ? cli : { ...cli, options: { ...cli.options, key: named } },
  );
  cli.out.result({ name: key.name, did: key.did, file }, () => text`${key.did}`);
}
