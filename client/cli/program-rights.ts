import { Option, type Command } from 'commander';
import { ExportFormat } from '../../schemas/rights-export.ts';
import { Duty, ModelRelease, Purpose } from '../../schemas/rights-rule.ts';
import { collect } from './flags.ts';
import type { Leaf } from './program-issuer.ts';
import type { Run } from './program.ts';

/** The commands of rights holders and of those who ask them. */
export function addRightsCommands(program: Command, leaf: Leaf, run: Run): void {
  leaf(program, 'rights', 'may we use this, how, where, until when? ends with 0 if so, with 3 if not or not known')
    .argument('[id]', 'a dataset record; or give --portfolio')
    .requiredOption('--use <use>', 'e.g. train.finetune, evaluate, distil, redistribute')
    .option('--purpose <purpose>', Purpose.options.join(', '))
    .addOption(new Option('--territory <country>', 'ISO 3166-1, e.g. US,DE; repeatable').argParser(collect))
    .option('--model-release <release>', ModelRelease.options.join(', '))
    .option('--field <field>', 'e.g. healthcare')
    .option('--licensee <did>', 'who would use it; counts the grants to them')
    .option('--at <time>', 'as of then; now unless given')
    .option('--certificate <file>', 'decide by this certificate')
    .option('--portfolio <path>', 'for a whole mix: a list of record ids, one a line, or a folder of certificates')
    .option('--expiring <days>', 'of a mix: tell what changes within so many days; 90 unless given')
    .option('--csv', 'of a mix: print a CSV line for each record')
    .option('--offline', 'use no network: saved certificates, and pinned or --trust keys')
    .addHelpText(
      'after',
      '\nWhat is left out is read at its worst: any purpose, worldwide, any release, any field, anyone.',
    )
    .action((id, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/rights.ts')).rights(cli, id, options)),
    );

  leaf(program, 'export', 'say in another vocabulary what the public may do with a record')
    .argument('<id>', 'a dataset record')
    .requiredOption('--as <format>', ExportFormat.options.join(', '))
    .option('-o, --output <file>', 'write the document to this file')
    .option('--at <time>', 'as of then; now unless given')
    .option('--certificate <file>', 'say it by this certificate')
    .option('--offline', 'use no network: the certificate, and pinned or --trust keys')
    .addHelpText('after', '\nWhat the vocabulary has no words for is told on stderr, a line each.')
    .action((id, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/export.ts')).exportRights(cli, id, options)),
    );

  leaf(program, 'grant', 'as rights holder: let a licensee use a record so')
    .argument('<id>', 'a dataset record whose rights you hold')
    .requiredOption('--licensee <did>', 'who may')
    .option('--rules <file>', 'the rules, in YAML or JSON, in place of the options below')
    .addOption(new Option('--use <use>', 'e.g. train, evaluate; repeatable').argParser(collect))
    .option('--prohibit', 'the rule prohibits; it permits unless given')
    .option('--purpose <purpose>', Purpose.options.join(', '))
    .addOption(new Option('--territory <country>', 'only there; repeatable').argParser(collect))
    .addOption(new Option('--except-territory <country>', 'everywhere but there; repeatable').argParser(collect))
    .addOption(new Option('--field <field>', 'only in this field; repeatable').argParser(collect))
    .addOption(new Option('--except-field <field>', 'in every field but this; repeatable').argParser(collect))
    .option('--model-release <release>', ModelRelease.options.join(', '))
    .option('--from <time>', 'UTC, as 2026-11-21T08:00:00Z')
    .option('--until <time>', 'UTC; not part of the period')
    .option('--after-end <fate>', 'models-survive or models-retired')
    .addOption(new Option('--duty <duty>', `${Duty.options.join(', ')}; repeatable`).argParser(collect))
    .option('--exclusive', 'nobody else is granted the same as long as this grant stands')
    .option('--reference <text>', 'a contract number or the like; public')
    .option('--valid-until <time>', 'when the grant as a whole ends')
    .action((id, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/grant.ts')).grant(cli, id, options)),
    );
}
