import { AccreditationSubject, Role } from '../../../schemas/accreditation.ts';
import { Did, Timestamp } from '../../../schemas/primitives.ts';
import type { Cli } from '../context.ts';
import { readFlag, readOptional, splitPair } from '../flags.ts';
import { signAndSubmit } from '../submit.ts';
import { text } from '../terminal.ts';

export interface AccreditOptions {
  role: string[];
  name: string;
  framework?: string[];
  url?: string;
  validUntil?: string;
}

export async function accredit(cli: Cli, did: string, options: AccreditOptions): Promise<void> {
  const roles = options.role.map((role) => readFlag(Role, role, '--role'));
  const subject = readFlag(
    AccreditationSubject,
    {
      id: readFlag(Did, did, 'DID'),
      name: options.name,
      roles,
      ...(options.url === undefined ? {} : { url: options.url }),
      ...(options.framework === undefined ? {} : { frameworks: options.framework.map(frameworkOf) }),
    },
    'the accreditation',
  );
  const validUntil = readOptional(Timestamp, options.validUntil, '--valid-until');
  await signAndSubmit(
    cli,
    { kind: 'Accreditation', subject, validUntil },
    text`accredited ${options.name} as ${roles.join(', ')}`,
  );
}

function frameworkOf(pair: string): { framework: string; maxLevel: string } {
  const [framework, maxLevel] = splitPair(pair, '--framework');
  return { framework, maxLevel };
}
