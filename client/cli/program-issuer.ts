import { Option, type Command } from 'commander';
import { collect } from './flags.ts';
import type { Run } from './program.ts';

/** Adds a command with the options that every command has. */
export type Leaf = (parent: Command, name: string, description: string) => Command;

const PERSON = 'how you know the person; never leaves this machine; - reads it from stdin, out of the shell’s history';

/** The commands of identity issuers. */
export function addIssuerCommands(program: Command, leaf: Leaf, run: Run): void {
  const verification = (command: Command): Command =>
    command
      .option('--framework <framework>', 'nist-800-63-4, eidas, in-person or oidc')
      .option('--level <level>', 'e.g. IAL2')
      .option('--method <method>', 'e.g. remote-document+liveness')
      .option('--verified-at <time>', 'when the person was verified; now unless given');

  verification(
    leaf(program, 'attest-human', 'as identity issuer: say that a DID is a verified human’s; safe to run again'),
  )
    .argument('[did]')
    .option('--person <ref>', PERSON)
    .addOption(
      new Option('--expertise <field=basis>', 'e.g. radiology=professional-licence; repeatable').argParser(collect),
    )
    .option('--valid-until <time>', 'UTC, as 2028-11-21T08:00:00Z')
    .option('--csv <file>', 'attest a file of people; - reads stdin')
    .option('--dry-run', 'check the file, the keys and your accreditation, and submit nothing')
    .option('--results <file>', 'what became of each line, as NDJSON; without the persons')
    .addHelpText('after', CSV_HELP)
    .action((did, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/attest-human.ts')).attestHuman(cli, did, options)),
    );

  const credentials = program.command('credentials').description('as identity issuer: what you issued');
  const selecting = (command: Command): Command =>
    command
      .option('--person <ref>', PERSON)
      .option('--nullifier <value>', 'what you call the person in public')
      .option('--subject <did>', 'only those of this key');

  selecting(leaf(credentials, 'list', 'list what you issued, with its standing at the registry'))
    .option('--state <state>', 'only those that are active, expired, revoked or untrusted')
    .option('--local', 'what this machine remembers having issued; needs no network')
    .action((options, command: Command) =>
      run(command, async (cli) => (await import('./commands/credentials.ts')).listCredentials(cli, options)),
    );

  verification(selecting(leaf(credentials, 'renew', 'issue anew for the same person and keys, valid for longer')))
    .requiredOption('--valid-until <time>', 'UTC, as 2028-11-21T08:00:00Z')
    .option('--dry-run', 'say what would be renewed, and submit nothing')
    .action((options, command: Command) =>
      run(command, async (cli) => (await import('./commands/renew.ts')).renewCredentials(cli, options)),
    );

  selecting(leaf(credentials, 'revoke', 'revoke all of a person’s credentials, or those of one key'))
    .requiredOption('--reason <reason>', REASONS)
    .option('--invalid-since <time>', 'distrust what the keys signed since then')
    .option('--dry-run', 'say what would be revoked, and submit nothing')
    .action((options, command: Command) =>
      run(command, async (cli) => (await import('./commands/revoke-credentials.ts')).revokeCredentials(cli, options)),
    );

  const issuer = program.command('issuer').description('run an issuer app, and say whom it gives nothing');
  const DATA = ['--data <dir>', 'where the issuer app keeps everything'] as const;
  leaf(issuer, 'serve', 'run an issuer app alone; beside a registry: firsthand serve --issuer')
    .argument('<file>', 'who may log in where (YAML or JSON)')
    .option(...DATA, './firsthand-issuer')
    .option('--port <n>', '0 takes any free one', '8788')
    .option('--host <host>', 'the address to listen on', '127.0.0.1')
    .action((file, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/issuer.ts')).issuerServe(cli, file, options)),
    );
  const NULLIFIER = ['<nullifier>', 'what the issuer calls the person in public; it is in every credential'] as const;
  leaf(issuer, 'ban', 'give nothing to a person any more, whatever key they bring')
    .argument(...NULLIFIER)
    .requiredOption(...DATA)
    .action((nullifier, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/issuer.ts')).issuerBan(cli, nullifier, options)),
    );
  leaf(issuer, 'unban', 'take a ban back')
    .argument(...NULLIFIER)
    .requiredOption(...DATA)
    .action((nullifier, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/issuer.ts')).issuerUnban(cli, nullifier, options)),
    );
  leaf(issuer, 'bans', 'list whom it gives nothing')
    .requiredOption(...DATA)
    .action((options, command: Command) =>
      run(command, async (cli) => (await import('./commands/issuer.ts')).issuerBans(cli, options)),
    );
}

export const REASONS = 'withdrawn, key-compromise, credential-expired-early, superseded, legal or fraud';

const CSV_HELP = `
The first line of the file names its columns: did, person, and as needed framework, level, method, verifiedAt,
validUntil, expertise.field, expertise.basis, expertise.authority, expertise.jurisdiction, expertise.reference,
expertise.validUntil. A cell that is empty takes the option's value. A file with a fault in it submits nothing.`;
