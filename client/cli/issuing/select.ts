import { HumanCredentialSubject } from '../../../schemas/human-credential.ts';
import { Did } from '../../../schemas/primitives.ts';
import type { IssuedCredential } from '../../issued.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readOptional } from '../flags.ts';
import type { StoredKey } from '../keys/key-store.ts';
import { nullifierOfFlag } from '../keys/nullifier.ts';

/** Which credentials a command is about. */
export interface SelectOptions {
  person?: string;
  nullifier?: string;
  subject?: string;
}

/** The same, read: every one that is there must match. */
export interface Selection {
  nullifier: string | undefined;
  subject: Did | undefined;
  matches(credential: Pick<IssuedCredential, 'document'>): boolean;
}

/** Reads the selection; the person's nullifier is worked out here, and only that is compared. */
export async function readSelection(cli: Cli, key: StoredKey, options: SelectOptions): Promise<Selection> {
  if (options.person !== undefined && options.nullifier !== undefined) {
    throw new CliError('usage', '--person and --nullifier are two ways to say the same: give one');
  }
  const subject = readOptional(Did, options.subject, '--subject');
  const given = readOptional(HumanCredentialSubject.shape.nullifier, options.nullifier, '--nullifier');
  const nullifier = options.person === undefined ? given : await nullifierOfFlag(cli, key, options.person);
  return {
    nullifier,
    subject,
    matches: ({ document: { credentialSubject } }) =>
      (nullifier === undefined || credentialSubject.nullifier === nullifier) &&
      (subject === undefined || credentialSubject.id === subject),
  };
}

/** The same where "all that I ever issued" would be a slip. */
export async function requireSelection(cli: Cli, key: StoredKey, options: SelectOptions): Promise<Selection> {
  const selection = await readSelection(cli, key, options);
  if (selection.nullifier === undefined && selection.subject === undefined) {
    throw new CliError('usage', 'whose? Give --person REF, --nullifier VALUE or --subject DID');
  }
  return selection;
}

/** What there is to say where nothing matches. */
export const nothingIssued = (url: string): CliError =>
  new CliError(
    'not-found',
    `you issued no such credential at ${url}`,
    'is the person’s reference written as it was, and --key the one you issued with? firsthand credentials list',
  );
