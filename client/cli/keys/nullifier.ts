import { randomBytes } from 'node:crypto';
import { fromBase64Url, toBase64Url } from '../../../protocol/bytes.ts';
import { nullifierOf } from '../../../protocol/nullifier.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { createDurably } from '../durable-file.ts';
import { text } from '../terminal.ts';
import { readSecret, type StoredKey } from './key-store.ts';

/** What an issuer calls a person in public ({@link nullifierOf}), under a secret that lies beside its key. */
export async function nullifierFor(cli: Cli, key: StoredKey, person: string): Promise<string> {
  const reference = person.normalize('NFC').trim();
  if (reference === '') throw new CliError('usage', '--person: is empty');
  return nullifierOf(await secretBeside(cli, key), reference);
}

async function secretBeside(cli: Cli, key: StoredKey): Promise<Uint8Array> {
  const file = `${key.file.replace(/\.json$/, '')}.nullifier`;
  if (await createDurably(file, `${toBase64Url(randomBytes(32))}\n`, { mode: 0o600 })) {
    cli.out.note(
      text`note: made ${file}. Keep it as you keep the key: without it, people you attest again count as new ones.`,
    );
  }
  const secret = fromBase64Url((await readSecret(file, 1024)).trim());
  if (secret?.length !== 32) throw new CliError('invalid-file', `${file} does not hold 32 bytes in base64url`);
  return secret;
}
