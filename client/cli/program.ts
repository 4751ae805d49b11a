import { Command, Option } from 'commander';
import { ASSISTANCE_LEVELS } from '../../schemas/assistance-levels.ts';
import { ModelRelease, Purpose } from '../../schemas/rights-rule.ts';
import type { Cli } from './context.ts';
import { collect, collectFile } from './flags.ts';
import { addIssuerCommands, REASONS, type Leaf } from './program-issuer.ts';
import { addRightsCommands } from './program-rights.ts';

/** Runs one command with the options and arguments that the user gave; a number it answers is the exit code. */
export type Run = (command: Command, action: (cli: Cli) => Promise<number | void>) => Promise<void>;

/** The command line as a whole. Each command's code is loaded only when it runs, so all of them start fast. */
export function createProgram(version: string, run: Run): Command {
  const program = new Command('firsthand')
    .description('Which verified human made this data, how, and may I train on it?')
    .version(version)
    .addHelpText('after', EXIT_CODES);

  const leaf: Leaf = (parent, name, description) =>
    parent
      .command(name)
      .description(description)
      .option('--json', 'print the result as one JSON document')
      .option('--registry <url>', 'the registry (FIRSTHAND_REGISTRY)')
      .option('--key <name>', 'the key to sign with (or FIRSTHAND_KEY_FILE)')
      .option('--trust <file>', 'the log keys and witnesses to trust (C2SP tlog-policy)');

  const key = program.command('key').description('make and show signing keys');
  leaf(key, 'new', 'make a key; its passphrase is asked for, or FIRSTHAND_PASSPHRASE')
    .option('--name <name>', 'what to call it', 'default')
    .option('--insecure-no-passphrase', 'leave it unprotected on disk')
    .action((options, command: Command) =>
      run(command, async (cli) => (await import('./commands/key.ts')).keyNew(cli, options)),
    );
  leaf(key, 'list', 'list the keys of this machine').action((_options, command: Command) =>
    run(command, async (cli) => (await import('./commands/key.ts')).keyList(cli)),
  );
  leaf(key, 'show', 'print a key’s DID')
    .option('--name <name>', 'which key')
    .action((options, command: Command) =>
      run(command, async (cli) => (await import('./commands/key.ts')).keyShow(cli, options)),
    );

  leaf(program, 'accredit', 'as operator: let a DID verify people or publish compositions')
    .argument('<did>')
    .addOption(
      new Option('--role <role>', 'identity-issuer, publisher or status-service; repeatable')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'who that is')
    .addOption(
      new Option('--framework <framework=level>', 'up to which level, e.g. nist-800-63-4=IAL2; repeatable').argParser(
        collect,
      ),
    )
    .option('--url <url>', 'where to read about them')
    .option('--valid-until <time>', 'UTC, as 2028-11-21T08:00:00Z')
    .action((did, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/accredit.ts')).accredit(cli, did, options)),
    );

  addIssuerCommands(program, leaf, run);

  leaf(program, 'enrol', 'prove that you are a verified human: log in, and get a credential for your key')
    .requiredOption('--issuer <url>', 'the identity issuer')
    .option('--provider <name>', 'where to log in; asked in the browser unless given')
    .option('--no-open', 'print the address only')
    .option('--again', 'log in anew, though a credential from an earlier run waits to be submitted')
    .action((options, command: Command) =>
      run(command, async (cli) => (await import('./commands/enrol.ts')).enrol(cli, options)),
    );

  withMetadata(leaf(program, 'init', 'describe a dataset: writes firsthand.yaml beside it'))
    .addOption(new Option('--part <id>', 'a record that this one composes; repeatable').argParser(collect))
    .option('--croissant <file>', 'take what this Croissant metadata says, and tell what it does not')
    .option('--aipref <statement>', 'rights rules from AI preferences, e.g. "train-ai=n, search=y", or a file of them')
    .option('--cawg <file>', 'rights rules from a CAWG training and data mining assertion (JSON)')
    .addHelpText('after', IMPORTING)
    .action((path, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/init.ts')).init(cli, path, options)),
    );

  leaf(program, 'croissant', 'what Croissant metadata says and lacks: one line a file, of files or whole folders')
    .argument('<path...>', 'JSON files, or folders that hold some')
    .action((paths, _options, command: Command) =>
      run(command, async (cli) => (await import('./commands/croissant.ts')).croissant(cli, paths)),
    );

  withMetadata(
    leaf(program, 'compose', 'describe a dataset of rows of others, after checking that all of it is theirs'),
  )
    .addOption(
      new Option('--part <id>', 'a record that rows come from; repeatable').argParser(collect).makeOptionMandatory(),
    )
    .option(...NO_CACHE)
    .action((path, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/compose.ts')).compose(cli, path, options)),
    );

  leaf(program, 'publish', 'hash, sign, submit, and save the certificate; safe to run again')
    .argument('[path]', 'a folder or a file, described by firsthand init', '.')
    .option(...NO_CACHE)
    .action((path, _options, command: Command) =>
      run(command, async (cli) => (await import('./commands/publish.ts')).publish(cli, path)),
    );

  leaf(program, 'verify', 'check files, or a record, against a certificate and a policy')
    .argument('[path]', 'a folder, a file, or a record’s id', '.')
    .option('--policy <file>', 'what you demand (JSON or YAML)')
    .addOption(
      new Option('--certificate <file>', 'use this certificate, or those in a folder; repeatable').argParser(
        collectFile,
      ),
    )
    .option('--offline', 'use no network: the saved certificate, and pinned or --trust keys')
    .option('--as-of <time>', 'judge as of then')
    .option('--record <id>', 'check against this record')
    .option('--unmatched <file>', 'save what is in no certified record there, a JSON object a line')
    .option(...NO_CACHE)
    .action((path, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/verify.ts')).verify(cli, path, options)),
    );

  addRightsCommands(program, leaf, run);

  leaf(program, 'watch', 'follow what saved certificates stand on; ends with 3 when something of it falls')
    .argument('[path...]', 'certificates, or folders that hold some', ['.'])
    .option('--policy <file>', 'what you demand (JSON or YAML)')
    .option('--once', 'catch up, say what has happened, and end')
    .option('--keep-going', 'go on after a fall')
    .addHelpText('after', WATCHING)
    .action((paths, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/watch.ts')).watch(cli, paths, options)),
    );

  leaf(program, 'prove', 'prove that a record has a row: fetch the proof, or check one without a network')
    .argument('[row]', 'its digest, its JSON, or FILE:LINE')
    .option('-o, --output <file>', 'save the proof there')
    .option('--record <id>', 'of this record; the oldest that has it unless given')
    .option('--check <proof>', 'check this proof against pinned or --trust keys')
    .action((row, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/prove.ts')).prove(cli, row, options)),
    );

  leaf(program, 'certificate', 'fetch a record’s certificate')
    .argument('<id>')
    .option('-o, --output <file>', 'save it there')
    .option('--with-rows <folder>', 'save it there with all that verifies rows of it offline')
    .action((id, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/get.ts')).certificate(cli, id, options)),
    );

  leaf(program, 'get', 'fetch a statement, or a blob')
    .argument('<id>')
    .option('--blob', 'the digest is a blob’s')
    .option('-o, --output <file>', 'save it there')
    .action((id, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/get.ts')).get(cli, id, options)),
    );

  leaf(program, 'search', 'find datasets: by words, by what they are, by what everybody may do with them now')
    .argument('[query]', 'words of the name, description or keywords')
    .option('--task-type <type>', 'e.g. sft-demonstration, preference, evaluation')
    .option('--domain <term>', 'e.g. mathematics')
    .option('--language <tag>', 'BCP 47')
    .option('--max-assistance <level>', ASSISTANCE_LEVELS.join(' < '))
    .option(
      '--use <use>',
      'only what everybody may use so now, e.g. train.finetune; what is left out is read at its worst',
    )
    .option('--purpose <purpose>', Purpose.options.join(', '))
    .addOption(new Option('--territory <country>', 'ISO 3166-1, e.g. US,DE; repeatable').argParser(collect))
    .option('--model-release <release>', ModelRelease.options.join(', '))
    .option('--after <cursor>', 'the next page')
    .option('--limit <n>', 'at most 100')
    .action((query, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/search.ts')).search(cli, query, options)),
    );

  leaf(program, 'contributor', 'what the log knows of a key: credentials, records, reviews')
    .argument('<did>')
    .option('--after <cursor>', 'the next page of records')
    .option('--limit <n>', 'at most 100')
    .action((did, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/people.ts')).contributor(cli, did, options)),
    );

  leaf(program, 'issuers', 'who may verify people, and since when')
    .option('--after <did>', 'the next page')
    .option('--limit <n>', 'at most 100')
    .action((options, command: Command) =>
      run(command, async (cli) => (await import('./commands/people.ts')).issuers(cli, options)),
    );

  leaf(program, 'impact', 'what withdrawing a statement would touch: look before you revoke')
    .argument('<id>', 'a dataset record, a credential, or another statement')
    .addOption(
      new Option('--certificates <path>', 'and which of these saved certificates; repeatable').argParser(collectFile),
    )
    .option('--offline', 'use no network: saved certificates, and pinned or --trust keys')
    .option('--after <cursor>', 'the next page')
    .option('--limit <n>', 'statements listed; 1000 unless given')
    .action((id, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/impact.ts')).impact(cli, id, options)),
    );

  leaf(program, 'revoke', 'withdraw a statement that you signed')
    .argument('<id>')
    .requiredOption('--reason <reason>', REASONS)
    .option('--invalid-since <time>', 'distrust what it covers since then')
    .option('--erase', 'have the registry delete its text; the log entry stays')
    .action((id, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/revoke.ts')).revoke(cli, id, options)),
    );

  const log = program.command('log').description('look at the transparency log itself');
  leaf(log, 'checkpoint', 'print the newest checkpoint, verified').action((_options, command: Command) =>
    run(command, async (cli) => (await import('./commands/log.ts')).logCheckpoint(cli)),
  );
  leaf(log, 'proof', 'fetch a statement’s receipt (C2SP tlog-proof), verified')
    .argument('<id>')
    .option('-o, --output <file>', 'save it there')
    .action((id, options, command: Command) =>
      run(command, async (cli) => (await import('./commands/log.ts')).logProof(cli, id, options)),
    );
  leaf(log, 'monitor', 'check that the log only grows, against the last head seen; with --json, a line for each check')
    .option('--once', 'check once')
    .option('--interval <time>', 'how often, as 60s or 5m', '60s')
    .action((options, command: Command) =>
      run(command, async (cli) => (await import('./commands/monitor.ts')).logMonitor(cli, options)),
    );

  leaf(program, 'serve', 'run a registry on this machine')
    .option('--data <dir>', 'where it keeps everything', './firsthand-data')
    .option('--port <n>', '0 takes any free one', '8787')
    .option('--host <host>', 'the address to listen on', '127.0.0.1')
    .option('--origin <origin>', 'the log’s name, where it is reached by another: registry.example/log')
    .option('--rebuild-index', 'empty the index of files and rows, and make it anew from the log and the blobs')
    .option('--client-address-header <name>', 'behind a proxy: the header in which it puts the client’s address')
    .option('--issuer <file>', 'run an issuer app beside it: this file says who may log in where (YAML or JSON)')
    .action((options, command: Command) =>
      run(command, async (cli) => (await import('./commands/serve.ts')).serve(cli, options)),
    );

  leaf(program, 'demo', 'the whole story on real commands, in a temporary folder')
    .option(
      '--mix',
      'instead, serve a mix of three datasets to ask about, as the README’s licensing guide does; until Ctrl-C',
    )
    .action(({ mix }: { mix?: true }, command: Command) =>
      run(command, async (cli) =>
        mix === true ? (await import('./demo/mix.ts')).demoMix(cli) : (await import('./demo/demo.ts')).demo(cli),
      ),
    );
  return program;
}

const NO_CACHE = ['--no-cache', 'hash every file anew (or FIRSTHAND_NO_CACHE=1)'] as const;

/** What is said of a dataset when it is described. */
const withMetadata = (command: Command): Command =>
  command
    .argument('[path]', 'a folder or a file', '.')
    .option('--name <name>')
    .option('--description <text>')
    .option('--task-type <type>', 'e.g. sft-demonstration, preference, evaluation')
    .option('--license <expression>', 'SPDX, e.g. CC-BY-4.0; has no default')
    .option('--assistance <level>', `how much a model did: ${ASSISTANCE_LEVELS.join(' < ')}`)
    .option('--role <role>', 'author, editor, annotator or curator')
    .addOption(new Option('--language <tag>', 'BCP 47; repeatable').argParser(collect))
    .addOption(new Option('--domain <term>', 'e.g. mathematics; repeatable').argParser(collect))
    .addOption(new Option('--modality <modality>', 'text unless given; repeatable').argParser(collect))
    .option('--rights-holder <did>', 'the signer unless given')
    .option('--yes', 'ask nothing')
    .option('--force', 'replace an existing firsthand.yaml');

const WATCHING = `
Where the last run ended is kept, and taken up again; a certificate seen for the first time is caught up on from the
time it was made. Everything heard is proven against the log. With --json, a line for each event.`;

const IMPORTING = `
Options come before what is imported. Who made the data, and how much a model did of it, is never imported. What may mean
several things is not guessed: it is told, and asked or left out.`;

const EXIT_CODES = `
Exit codes: 0 ok, 1 error, 2 usage, 3 verification failed, 4 not authorised, 5 not found,
6 network (try again), 7 conflict, 130 interrupted.

Start with: firsthand demo`;
