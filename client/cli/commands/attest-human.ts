import { HumanCredentialSubject } from '../../../schemas/human-credential.ts';
import { Did, Timestamp } from '../../../schemas/primitives.ts';
import { timestampOf } from '../../../protocol/time.ts';
import type { Cli } from '../context.ts';
import { readFlag, readOptional, splitPair } from '../flags.ts';
import { selectKey } from '../keys/key-store.ts';
import { nullifierFor } from '../keys/nullifier.ts';
import { readStdin } from '../stdin.ts';
import { signAndSubmit } from '../submit.ts';
import { text } from '../terminal.ts';

export interface AttestOptions {
  framework: string;
  level: string;
  method: string;
  person: string;
  verifiedAt?: string;
  expertise?: string[];
  validUntil?: string;
}

/** `--person` is how the issuer knows the person. It stays on this machine: what is signed is its HMAC. */
export async function attestHuman(cli: Cli, did: string, options: AttestOptions): Promise<void> {
  const id = readFlag(Did, did, 'DID');
  const validUntil = readOptional(Timestamp, options.validUntil, '--valid-until');
  const key = await selectKey(cli);
  const person = options.person === '-' ? await readStdin(cli, 4096) : options.person;
  const subject = readFlag(
    HumanCredentialSubject,
    {
      id,
      verification: {
        framework: options.framework,
        level: options.level,
        method: options.method,
        verifiedAt: options.verifiedAt ?? timestampOf(cli.now()),
      },
      nullifier: await nullifierFor(cli, key, person),
      ...(options.expertise === undefined ? {} : { expertise: options.expertise.map(expertiseOf) }),
    },
    'the credential',
  );
  await signAndSubmit(
    cli,
    { kind: 'HumanCredential', subject, validUntil },
    text`attested ${id} as a human, ${options.framework} ${options.level}`,
    key,
  );
}

function expertiseOf(pair: string): { field: string; basis: string } {
  const [field, basis] = splitPair(pair, '--expertise');
  return { field, basis };
}
