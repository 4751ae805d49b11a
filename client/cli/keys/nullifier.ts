import { randomBytes } from 'node:crypto';
import { fromBase64Url, toBase64Url } from '../../../protocol/bytes.ts';
import { nullifierOf } from '../../../protocol/nullifier.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { createDurably } from '../durable-file.ts';
import { readStdin } from '../stdin.ts';
import { text } from '../terminal.ts';
import { readSecret, type StoredKey } from './key-store.ts';

/** Bytes of a reference to a person. */
const PERSON_BYTES = 4096;

/** What an issuer calls a person in public; null where the reference is empty or longer than {@link PERSON_BYTES}. */
export type NullifierOf = (person: string) => string | null;

/** {@link nullifierOf}, under a secret that lies beside the issuer's key. */
export async function openNullifiers(cli: Cli, key: StoredKey): Promise<NullifierOf> {
  const secret = await secretBeside(cli, key);
  return (person) => {
    const reference = person.normalize('NFC').trim();
    if (reference === '' || Buffer.byteLength(reference) > PERSON_BYTES) return null;
    return nullifierOf(secret, reference);
  };
}

/** The nullifier of --person; `-` reads the reference from stdin. */
export async function nullifierOfFlag(cli: Cli, key: StoredKey, person: string): Promise<string> {
  const nullify = await openNullifiers(cli, key);
  const nullifier = nullify(person === '-' ? await readStdin(cli, PERSON_BYTES) : person);
  if (nullifier === null) throw new CliError('usage', `--person: expected 1 to ${PERSON_BYTES} bytes of text`);
  return nullifier;
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
