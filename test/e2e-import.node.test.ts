import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCroissant } from '../client/import/croissant.ts';
import { cliIn, temporaryFolder, type Ran } from '../client/cli/testing/run-cli.ts';
import { startRegistry } from '../worker/node/start.ts';

// From somebody's metadata to a certified record whose rights decide, by the command alone.

const DESCRIBED = ['--task-type', 'annotation', '--assistance', 'none', '--role', 'author', '--yes'];

let home: string;
let registry: Awaited<ReturnType<typeof startRegistry>>;

const json = ({ code, stdout, stderr }: Ran): Record<string, unknown> => {
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as Record<string, unknown>;
};

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'firsthand-import-'));
  registry = await startRegistry({ dataDir: join(home, 'data'), port: 0, host: '127.0.0.1', log: () => undefined });
});
afterAll(async () => {
  await registry?.close();
  rmSync(home, { recursive: true, force: true });
});

const run = (...args: string[]): Promise<Ran> =>
  cliIn(home, { env: { FIRSTHAND_REGISTRY: registry.url } })(...args, '--json');
const asOperator = (...args: string[]): Promise<Ran> =>
  cliIn(home, { env: { FIRSTHAND_REGISTRY: registry.url, FIRSTHAND_KEY_FILE: registry.operatorKeyFile } })(
    ...args,
    '--json',
  );

test('imported, published, verified; what was imported as rights decides', async () => {
  const did = async (name: string): Promise<string> =>
    String(json(await run('key', 'new', '--name', name, '--insecure-no-passphrase'))['did']);
  const [issuer, ada] = [await did('issuer'), await did('ada')];
  json(
    await asOperator(
      'accredit',
      issuer,
      '--role',
      'identity-issuer',
      '--name',
      'I',
      '--framework',
      'nist-800-63-4=IAL2',
    ),
  );
  const verified = ['--framework', 'nist-800-63-4', '--level', 'IAL2', '--method', 'in-person', '--person', '1'];
  json(await run('attest-human', ada, ...verified, '--key', 'issuer'));

  const folder = join(home, 'orchard');
  cpSync(join(import.meta.dirname, 'samples/orchard'), folder, { recursive: true });
  const from = ['--croissant', join(folder, 'metadata.json'), '--aipref', 'train-ai=n, search=y'];
  json(await run('init', folder, ...from, ...DESCRIBED, '--license', 'CC-BY-4.0'));
  const id = String(json(await run('publish', folder, '--key', 'ada'))['id']);
  expect(JSON.parse((await run('get', id)).stdout)).toMatchObject({
    credentialSubject: {
      name: 'Orchard',
      version: '1.2.0',
      rights: {
        license: 'CC-BY-4.0',
        rules: [{ purpose: 'commercial' }, { effect: 'prohibit' }, { effect: 'permit' }],
      },
    },
  });
  expect(await run('verify', folder)).toMatchObject({ code: 0 });
  const decide = async (...question: string[]): Promise<unknown> =>
    JSON.parse((await run('rights', id, ...question)).stdout);
  expect(await decide('--use', 'train.finetune', '--purpose', 'research')).toMatchObject({ decision: 'deny' });
  expect(await decide('--use', 'evaluate', '--purpose', 'commercial')).toMatchObject({ decision: 'deny' });
  expect(await decide('--use', 'evaluate', '--purpose', 'research')).toMatchObject({ decision: 'allow' });
});

/** Files alone: folders of the original may be read-only. */
function copyFiles(from: string, to: string): void {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const copy = join(to, relative(from, file));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(file, copy);
  }
}

const DATA = join(import.meta.dirname, '../../shared/data/croissant');
const files = existsSync(DATA) ? globSync(join(DATA, '*/metadata.json')).sort() : [];

describe('metadata from practice', () => {
  if (files.length === 0) return test.skip('../shared is not there, skipped', () => {});

  /** What is read of the licence: `None`, `other`, `unknown` and silence are no consent. */
  const LICENCES: Record<string, string | undefined> = {
    'dices-350': 'CC-BY-SA-4.0',
    'flores-200': 'CC-BY-SA-4.0',
    'huggingface-anthropic-hh-rlhf': 'MIT',
    'huggingface-prism-alignment': 'MIT',
    'simple-parquet': 'CC-BY-4.0',
    'simple-split': 'CC-BY-4.0',
    titanic: 'AFL-3.0',
    'wiki-text': 'CC-BY-SA-3.0',
    'world-happiness': 'CC0-1.0',
  };

  test.each(files.map((file) => [basename(dirname(file)), file]))('%s', async (name, file) => {
    const read = parseCroissant(readFileSync(file, 'utf8'));
    if (!read.ok) throw new Error(read.reason);
    const { draft, findings } = read.value;
    expect(draft.license).toBe(LICENCES[name]);
    const told = new Set(findings.map(({ path }) => path.split('/')[0]));
    for (const field of Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object)) {
      if (field !== 'distribution') expect(told).toContain(field);
    }
    const folder = temporaryFolder();
    const given = [
      ...(draft.name === undefined ? ['--name', name] : []),
      ...(draft.license === undefined ? ['--license', 'MIT'] : []),
    ];
    const ran = await cliIn(folder)('init', folder, '--croissant', file, ...given, ...DESCRIBED);
    expect(ran).toMatchObject({ code: 0 });
  });

  test('files at hand are what their metadata declares', async () => {
    for (const [name, declared] of [
      ['titanic', 3],
      ['pass-mini', 3],
      ['simple-parquet', 1],
    ] as const) {
      const folder = temporaryFolder();
      copyFiles(join(DATA, name), folder);
      const ran = await cliIn(folder)(
        'init',
        folder,
        '--croissant',
        join(folder, 'metadata.json'),
        '--license',
        'MIT',
        ...DESCRIBED,
        '--json',
      );
      const { imported } = json(ran) as { imported: { files: { outcome: string }[] }[] };
      expect(imported[0]?.files.map(({ outcome }) => outcome)).toEqual(Array.from({ length: declared }, () => 'match'));
    }
  });

  test('one command says what each lacks', async () => {
    const { code, stdout } = await cliIn(temporaryFolder())('croissant', DATA);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(1 + files.length + 3);
    expect(lines.at(-3)).toBe(
      `files: ${files.length}; Croissant: ${files.length}; with one licence that is known: 9; that lack nothing: 0`,
    );
  });
});
