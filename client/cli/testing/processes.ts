import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { firsthand, type Ran } from './run-cli.ts';

const PROGRAM = fileURLToPath(new URL('../../../firsthand.ts', import.meta.url));

export interface ServedRegistry {
  url: string;
  origin: string;
  vkey: string;
  operator: string;
  operatorKeyFile: string;
  /** Ends it with a signal; answers its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** The issuer app beside it, where one was configured. */
  issuer?: { url: string; did: string };
  /** Everything it has said, once it was stopped. */
  said(): Promise<string>;
}

/** Starts the real program as a process of its own, at home in `home`. */
export function startFirsthand(home: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const clean = Object.entries(process.env).filter(([name]) => !/^(FIRSTHAND_|XDG_|NODE_OPTIONS|VITEST)/.test(name));
  return spawn(process.execPath, [PROGRAM, ...args], {
    cwd: home,
    env: { ...Object.fromEntries(clean), HOME: home, TMPDIR: home, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Runs one command to its end, as a process of its own. */
export async function firsthandProcess(
  home: string,
  args: readonly string[],
  { env = {}, stdin = '' }: { env?: Record<string, string>; stdin?: string } = {},
): Promise<Ran> {
  const child = startFirsthand(home, args, env);
  child.stdin?.end(stdin);
  return ended(child);
}

/** What a process says until it ends. */
export function ended(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** Runs a registry until stopped. */
export async function serveRegistry(
  home: string,
  data: string,
  port = 0,
  more: readonly string[] = [],
): Promise<ServedRegistry> {
  const child = startFirsthand(home, ['serve', '--json', '--data', data, '--port', String(port), ...more]);
  const end = ended(child);
  const line = await Promise.race([
    new Promise<string>((resolve) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', resolve);
    }),
    end.then((ran) => Promise.reject(new Error(`serve ended with ${ran.code}: ${ran.stderr}`))),
  ]);
  return {
    ...(JSON.parse(line) as Omit<ServedRegistry, 'stop' | 'said'>),
    said: async () => Object.values(await end).join('\n'),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return (await end).code;
    },
  };
}

/**
 * One person or service with a key of their own: runs commands with it in this process, under --json, and answers what
 * was printed.
 */
export class Persona {
  readonly home: string;
  readonly name: string;
  readonly registry: string;
  did = '';
  #keyFile = '';

  constructor(home: string, name: string, registry: string) {
    this.home = home;
    this.name = name;
    this.registry = registry;
  }

  async withNewKey(): Promise<this> {
    const made = await this.run('key', 'new', '--name', this.name, '--insecure-no-passphrase');
    this.did = String(this.read(made)['did']);
    return this.withKeyFile(join(this.home, '.config/firsthand/keys', `${this.name}.json`));
  }

  withKeyFile(file: string): this {
    if (!existsSync(file)) throw new Error(`no key file ${file}`);
    this.#keyFile = file;
    return this;
  }

  /** Runs a command and answers how it ended. */
  run(...args: string[]): Promise<Ran> {
    return this.plain(...args, '--json');
  }

  /** The same without --json, as for people. */
  plain(...args: string[]): Promise<Ran> {
    const env = {
      FIRSTHAND_REGISTRY: this.registry,
      ...(this.#keyFile === '' ? {} : { FIRSTHAND_KEY_FILE: this.#keyFile }),
    };
    return firsthand(this.home, args, { env });
  }

  /** Runs a command that must succeed and answers its result. */
  async do(...args: string[]): Promise<Record<string, unknown>> {
    const ran = await this.run(...args);
    if (ran.code !== 0)
      throw new Error(`firsthand ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}${ran.stdout}`);
    return this.read(ran);
  }

  /** The one JSON document on stdout. */
  read(ran: Ran): Record<string, unknown> {
    if (ran.stdout.trimEnd().includes('\n')) throw new Error(`more than one line on stdout: ${ran.stdout}`);
    return JSON.parse(ran.stdout) as Record<string, unknown>;
  }
}

export interface Founders {
  operator: Persona;
  /** Whom the operator accredited. */
  issuer: Persona;
  /** Whom the issuer verified. */
  ada: Persona;
  /** The ids of these two statements. */
  accreditation: string;
  credential: string;
}

/** The first people of a registry, with keys in one home. */
export async function foundRegistry(
  home: string,
  registry: Pick<ServedRegistry, 'url' | 'operatorKeyFile'>,
): Promise<Founders> {
  const operator = new Persona(home, 'operator', registry.url).withKeyFile(registry.operatorKeyFile);
  const issuer = await new Persona(home, 'issuer', registry.url).withNewKey();
  const ada = await new Persona(home, 'ada', registry.url).withNewKey();
  const { id: accreditation } = await accredit(operator, issuer);
  const { id: credential } = await attest(issuer, ada.did, 'person 1');
  return { operator, issuer, ada, accreditation: String(accreditation), credential: String(credential) };
}

export const accredit = (operator: Persona, { did, name }: Persona): Promise<Record<string, unknown>> =>
  operator.do('accredit', did, '--role', 'identity-issuer', '--name', name, '--framework', 'nist-800-63-4=IAL2');

export const attest = (issuer: Persona, did: string, person: string): Promise<Record<string, unknown>> =>
  issuer.do(
    'attest-human',
    did,
    '--framework',
    'nist-800-63-4',
    '--level',
    'IAL2',
    '--method',
    'in-person',
    '--person',
    person,
  );

/** Writes what a dataset is; what is in `more` counts instead. */
export const describeDataset = (
  who: Persona,
  path: string,
  name: string,
  ...more: string[]
): Promise<Record<string, unknown>> =>
  who.do(
    'init',
    path,
    '--name',
    name,
    '--description',
    'A test',
    '--task-type',
    'sft-demonstration',
    '--license',
    'CC0-1.0',
    '--role',
    'author',
    '--language',
    'en',
    '--domain',
    'mathematics',
    '--yes',
    ...(more.includes('--assistance') ? more : ['--assistance', 'none', ...more]),
  );
