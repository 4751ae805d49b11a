import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { timestampOf } from '../../../protocol/time.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { text } from '../terminal.ts';
import { quote } from './stage.ts';

const QUESTIONS = new URL('../../../test/samples/kitchen-arithmetic/questions.jsonl', import.meta.url);

const HOUSE_RULES = 'Train and evaluate in the United States and Germany only, and send us a report.\n';

/** How long the house rules permit anything, in milliseconds: near enough that a mix tells of the end. */
const HOUSE_TERM = 60 * 86_400_000;

/** What has a name in the shell of the reader. */
type Names = Record<'MIT' | 'NC' | 'HOUSE' | 'LAB', string>;

/**
 * Serves a registry that holds a training mix of three datasets, and says what to paste so that the licensing guide's
 * commands work on it. All of it is gone after SIGINT or SIGTERM.
 */
export async function demoMix(cli: Cli): Promise<void> {
  const stopped = new Promise<void>((stop) => cli.onStop(stop));
  const home = await mkdtemp(join(tmpdir(), 'firsthand-mix-'));
  try {
    const dataDir = join(home, 'registry');
    const registry = await cli.startRegistry({ dataDir, port: 0, host: '127.0.0.1', log: () => undefined });
    try {
      const env = { HOME: home, FIRSTHAND_REGISTRY: registry.url };
      const names = await publishMix(new Backstage(cli, env), home, registry.operatorKeyFile);
      const lab = join(home, 'lab');
      await mkdir(lab);
      await writeFile(
        join(lab, 'mix.txt'),
        `${names.MIT}  # MIT\n${names.NC}  # CC-BY-NC-4.0\n${names.HOUSE}  # house rules\n`,
      );
      cli.out.result({ url: registry.url, home, lab, ...names }, () => text`${setUp({ cli, env, lab, names })}`);
      await stopped;
    } finally {
      await registry.close();
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function setUp({ cli, env, lab, names }: { cli: Cli; env: Record<string, string>; lab: string; names: Names }): string {
  // The keys and pins of this trial stay in its folder, wherever the reader keeps others.
  const variables = { ...env, XDG_CONFIG_HOME: '', XDG_STATE_HOME: '' };
  const assigned = Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}`);
  return `A registry holds a mix of three datasets: MIT, CC-BY-NC-4.0, and house rules. Paste this into another terminal:

firsthand() { ${assigned.join(' ')} ${cli.self.map(quote).join(' ')} "$@"; }
${Object.entries(names)
  .map(([name, value]) => `${name}=${value}`)
  .join('\n')}
cd ${quote(lab)}

and go on with "May we use it?" in README.md. Press Ctrl-C here to end it; its folder goes, too.`;
}

async function publishMix(stage: Backstage, home: string, operatorKeyFile: string): Promise<Names> {
  const [issuer, holder, lab] = [await stage.key('issuer'), await stage.key('holder'), await stage.key('lab')];
  const level = 'nist-800-63-4';
  const role = ['--role', 'identity-issuer', '--name', 'Example Identity', '--framework', `${level}=IAL2`];
  await stage.ask(['accredit', issuer, ...role], { FIRSTHAND_KEY_FILE: operatorKeyFile });
  const verified = ['--framework', level, '--level', 'IAL2', '--method', 'in-person', '--person', 'case 2026/118'];
  await stage.ask(['attest-human', holder, ...verified, '--key', 'issuer']);

  const lines = (await readFile(QUESTIONS, 'utf8')).trimEnd().split('\n');
  const publish = async (name: string, rights: string, from: number): Promise<string> => {
    const folder = join(home, 'sets', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'questions.jsonl'), `${lines.slice(from, from + 4).join('\n')}\n`);
    await writeFile(join(folder, 'firsthand.yaml'), description(name, rights));
    return String((await stage.ask(['publish', folder, '--key', 'holder']))['id']);
  };
  return {
    MIT: await publish('open', 'license: MIT', 0),
    NC: await publish('noncommercial', 'license: CC-BY-NC-4.0', 4),
    HOUSE: await publish('house', houseRights(timestampOf(Date.now() + HOUSE_TERM)), 8),
    LAB: lab,
  };
}

const description = (name: string, rights: string): string => `name: ${name}
description: Kitchen arithmetic, a third of it
version: 1.0.0
taskType: sft-demonstration
modality: [text]
language: [en]
authorship: { role: author, assistance: { level: none } }
rights:
  ${rights}
personalData: none
`;

const houseRights = (until: string): string => `license: LicenseRef-House
  terms: { digest: "sha256:${createHash('sha256').update(HOUSE_RULES).digest('hex')}" }
  rules:
    - effect: permit
      uses: [train, evaluate]
      territory: { include: [US, DE] }
      period: { until: "${until}" }
      duties: [report]`;

/** Runs commands in this process, at home in a folder of their own. */
class Backstage {
  readonly #cli: Cli;
  readonly #env: Record<string, string>;

  constructor(cli: Cli, env: Record<string, string>) {
    this.#cli = cli;
    this.#env = env;
  }

  /** Makes a key and answers its DID. */
  async key(name: string): Promise<string> {
    return String((await this.ask(['key', 'new', '--name', name, '--insecure-no-passphrase']))['did']);
  }

  /** Runs a command under --json and answers what it printed. */
  async ask(args: readonly string[], env: Record<string, string> = {}): Promise<Record<string, unknown>> {
    const { runCommand } = await import('../main.ts');
    const [stdout, stderr] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })];
    const context = { ...this.#cli, env: { ...this.#env, ...env }, stdout, stderr };
    const code = await runCommand([...args, '--json'], context);
    if (code !== 0)
      throw new CliError('failed', `the mix broke: "${args.join(' ')}" ended with ${code}: ${said(stderr)}`);
    return JSON.parse(said(stdout)) as Record<string, unknown>;
  }
}

const said = (stream: PassThrough): string => String(stream.read() ?? '');
