import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SearchPage } from '../schemas/search.ts';
import { Decision, type DecisionOutcome } from '../schemas/decision.ts';
import { ExportFormat, RightsExport } from '../schemas/rights-export.ts';
import { describeDataset, foundRegistry, Persona } from '../client/cli/testing/processes.ts';
import type { Ran } from '../client/cli/testing/run-cli.ts';
import { RegistryClient } from '../client/registry-client.ts';
import type { StatementId } from '../schemas/primitives.ts';
import { startRegistry } from '../worker/node/start.ts';

// A licensing team's questions, by the command, the API and offline, over real data where it is at hand.
const DATA = join(import.meta.dirname, '../../shared/data/gsm8k');
const FILES = { mit: 'train.jsonl', nc: 'test.jsonl', custom: 'test_socratic.jsonl' };

let home: string;
let registry: Awaited<ReturnType<typeof startRegistry>>;
const people = new Map<string, Persona>();
const ids = new Map<string, string>();

const person = (who: string): Persona => people.get(who) as Persona;
const by = (who: string, ...args: string[]): Promise<Ran> => person(who).run(...args);
const json = ({ code, stdout, stderr }: Ran): Record<string, unknown> => {
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as Record<string, unknown>;
};
const did = (who: string): string => person(who).did;
const id = (what: string): string => ids.get(what) as string;

async function publish(what: string, license: string, ...more: string[]): Promise<Ran> {
  const folder = join(home, what);
  if (!more.includes('--part')) {
    mkdirSync(folder);
    const file = (FILES as Record<string, string>)[what];
    if (file !== undefined && existsSync(DATA)) cpSync(join(DATA, file), join(folder, file));
    else writeFileSync(join(folder, 'rows.jsonl'), `{"of":"${what}"}\n`);
  }
  await describeDataset(person('ada'), folder, what, '--license', license, ...more);
  const terms = TERMS[what];
  if (terms !== undefined) {
    const file = join(folder, 'firsthand.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(`license: ${license}`, `license: ${license}${terms}`));
  }
  const ran = await by('ada', 'publish', folder);
  ids.set(what, String(json(ran)['id']));
  return ran;
}

const CUSTOM = `
  terms: { digest: "sha256:${'a'.repeat(64)}" }
  rules:
    - { effect: permit, uses: [train, evaluate], territory: { include: [US, DE] }, duties: [report] }
    - { effect: prohibit, uses: [distil], purpose: commercial }`;
/** An embargo a day, every other day. */
const DAYS = Array.from({ length: 8 }, (_, i) => {
  const day = (n: number) => `"2126-01-${String(2 * i + n).padStart(2, '0')}T00:00:00Z"`;
  return `\n    - { effect: prohibit, uses: [train], period: { from: ${day(1)}, until: ${day(2)} } }`;
});
const TERMS: Record<string, string> = { custom: CUSTOM, daily: `\n  rules:${DAYS.join('')}` };

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'firsthand-rights-'));
  const options = { dataDir: join(home, 'data'), port: 0, host: '127.0.0.1', log: () => undefined };
  registry = await startRegistry(options);
  people.set('ada', (await foundRegistry(home, registry)).ada);
  for (const name of ['lab', 'rival']) people.set(name, await new Persona(home, name, registry.url).withNewKey());
  await publish('mit', 'MIT');
  await publish('nc', 'CC-BY-NC-4.0');
  await publish('custom', 'LicenseRef-House');
  const parts = ['mit', 'nc', 'custom'].flatMap((part) => ['--part', id(part)]);
  await publish('mix', 'CC0-1.0', ...parts);
});

afterAll(async () => {
  await registry?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Asks by the command, the API, and offline; they must answer alike, and end so. */
async function ask(what: string, use: string, ...more: string[]): Promise<Decision> {
  const online = await by('lab', 'rights', id(what), '--use', use, ...more);
  const { asOf, ...decision } = Decision.parse(JSON.parse(online.stdout));
  expect(asOf?.size).toBeGreaterThan(0);
  expect(online.code).toBe(decision.decision === 'allow' || decision.decision === 'conditional' ? 0 : 3);
  const file = join(home, 'evidence.json');
  json(await by('lab', 'certificate', id(what), '-o', file));
  const at = more.includes('--at') ? [] : ['--at', decision.at];
  const offline = await by('lab', 'rights', id(what), '--use', use, ...more, ...at, '--certificate', file, '--offline');
  expect(offline.code, offline.stderr).toBe(online.code);
  expect(JSON.parse(offline.stdout)).toEqual(decision);
  return decision;
}

describe('four uses of three licences', () => {
  const commercial = ['--purpose', 'commercial', '--territory', 'US,DE', '--model-release', 'closed-weights'];
  const table: [what: string, use: string, decision: DecisionOutcome, duties: string[]][] = [
    ['mit', 'train', 'allow', []],
    ['mit', 'evaluate', 'allow', []],
    ['mit', 'distil', 'allow', []],
    ['mit', 'redistribute', 'conditional', ['attribute']],
    ['nc', 'train', 'deny', []],
    ['nc', 'evaluate', 'deny', []],
    ['nc', 'distil', 'deny', []],
    ['nc', 'redistribute', 'deny', []],
    ['custom', 'train', 'conditional', ['report']],
    ['custom', 'evaluate', 'conditional', ['report']],
    ['custom', 'distil', 'deny', []],
    ['custom', 'redistribute', 'unknown', []],
  ];
  test.each(table)('%s: %s is %s', async (what, use, decision, duties) => {
    expect(await ask(what, use, ...commercial)).toMatchObject({ decision, duties });
  });

  test.each(['train', 'evaluate', 'distil', 'redistribute'])('search lists those that permit %s', async (use) => {
    const page = json(await by('lab', 'search', '--use', use, ...commercial)) as SearchPage;
    const permitted = table.filter(([, of, decision]) => of === use && ['allow', 'conditional'].includes(decision));
    expect(page.datasets.map(({ name }) => name)).toEqual(permitted.map(([what]) => what).toReversed());
  });

  test('for people, search says what each asks for', async () => {
    const lab = person('lab');
    const { stdout } = await lab.plain('search', '--use', 'train.finetune', ...commercial);
    expect(stdout).toMatch(new RegExp(`^${id('custom')} .* LicenseRef-House +conditional report +custom$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^${id('mit')} .* MIT +allow +mit$`, 'm'));
    expect((await lab.plain('search', '--use', 'derive', '--territory', 'US', 'nothing')).stdout).toBe(
      'nothing found\n',
    );
  });

  test('the mix of them names the noncommercial part as what limits it', async () => {
    const answer = await ask('mix', 'train', ...commercial);
    expect(answer).toMatchObject({
      decision: 'deny',
      limitedBy: { record: id('nc'), name: 'nc', license: 'CC-BY-NC-4.0', clause: '§2(a)(1)' },
    });
  });

  test('for people, the sentence and whose rights these are', async () => {
    const { code, stdout } = await person('lab').plain('rights', id('mix'), '--use', 'train');
    expect(code).toBe(3);
    expect(stdout).toContain(`DENY  train of ${id('mix')}`);
    expect(stdout).toContain(
      `✗ CC-BY-NC-4.0 §2(a)(1) prohibits commercial use; the request names no purpose, so it is read as commercial\n  of "nc", ${id('nc')}`,
    );
  });
});

describe('in the words of others', () => {
  /** Exports by the command, and offline; the API must say the same, but for the time of it. */
  async function exported(what: string, format: ExportFormat): Promise<RightsExport> {
    const online = RightsExport.parse(json(await by('lab', 'export', id(what), '--as', format)));
    const served = await new RegistryClient({ url: registry.url }).exportRights(id(what) as StatementId, format);
    expect(timeless(served)).toEqual(timeless(online));
    const file = join(home, 'evidence.json');
    json(await by('lab', 'certificate', id(what), '-o', file));
    const offline = await by('lab', 'export', id(what), '--as', format, '--certificate', file, '--offline');
    expect(timeless(json(offline))).toEqual(timeless(online));
    return online;
  }
  const timeless = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll(/20\d\d-\d\d-\d\dT[\d:.]+Z/g, 'some time'));

  test.each(ExportFormat.options)('%s is the same by the command, the API and offline', async (format) => {
    for (const what of ['mit', 'mix']) expect((await exported(what, format)).format).toBe(format);
  });

  test('the document goes to stdout or a file, what it could not say to stderr', async () => {
    const plain = (...args: string[]): Promise<Ran> => person('lab').plain(...args);
    const said = await plain('export', id('nc'), '--as', 'aipref');
    expect(said).toMatchObject({ code: 0, stdout: 'train-ai=n, ai-use=n, search=n\n' });
    expect(said.stderr).toContain('not said: train-ai: train.pretrain');
    const file = join(home, 'licence.xml');
    expect(await plain('export', id('nc'), '--as', 'rsl', '-o', file)).toMatchObject({
      code: 0,
      stdout: `saved ${file}\n`,
    });
    expect(readFileSync(file, 'utf8')).toContain('<rsl xmlns="https://rslstandard.org/rsl">');
    const nothing = await plain('export', id('mit'), '--as', 'tdmrep');
    expect(nothing).toMatchObject({ code: 0, stdout: '' });
    expect(nothing.stderr).toContain('can say nothing of it');
  });

  test('it says what held as of a time, and refuses what it cannot read', async () => {
    const before = await by('lab', 'export', id('mit'), '--as', 'aipref', '--at', '2026-01-01');
    expect(json(before)['document']).toBe('train-ai=n, ai-use=n, search=n');
    const run = (...args: string[]): Promise<Ran> => by('lab', 'export', ...args);
    expect(await run(id('mit'), '--as', 'drm')).toMatchObject({ code: 2, stderr: expect.stringMatching(/--as/) });
    expect(await run('sha256:abc', '--as', 'rsl')).toMatchObject({ code: 2, stderr: expect.stringMatching(/ID/) });
    expect(await run(id('mit'), '--as', 'rsl', '--offline')).toMatchObject({ code: 2 });
    const file = join(home, 'evidence.json');
    json(await by('lab', 'certificate', id('nc'), '-o', file));
    const other = await run(id('mit'), '--as', 'rsl', '--certificate', file, '--offline');
    expect(other).toMatchObject({ code: 3, stderr: expect.stringMatching(/the certificate is for/) });
  });
});

describe('grants', () => {
  test('a grant opens what it names to its licensee, until it is revoked', async () => {
    const use = ['--purpose', 'commercial', '--licensee', did('lab')];
    expect(await ask('nc', 'evaluate', ...use)).toMatchObject({ decision: 'deny' });
    const duty = ['--duty', 'pay', '--after-end', 'models-survive'];
    const grant = json(await by('ada', 'grant', id('nc'), '--licensee', did('lab'), '--use', 'evaluate', ...duty));
    const granted = await ask('nc', 'evaluate', ...use);
    expect(granted).toMatchObject({ decision: 'conditional', duties: ['pay'], limitedBy: { statement: grant['id'] } });
    expect(await ask('nc', 'evaluate', '--purpose', 'commercial', '--licensee', did('rival'))).toMatchObject({
      decision: 'deny',
    });
    json(await by('ada', 'revoke', String(grant['id']), '--reason', 'withdrawn'));
    const revoked = await ask('nc', 'evaluate', ...use);
    expect(revoked.decision).toBe('deny');
    expect(revoked.because.at(-1)?.reason).toBe(
      'a grant to the licensee is revoked: withdrawn; models made under it may stay',
    );
    expect(await ask('nc', 'evaluate', ...use, '--at', granted.at)).toMatchObject({ decision: 'conditional' });
  });

  test('an exclusive one is given once', async () => {
    const file = join(home, 'rules.yaml');
    writeFileSync(
      file,
      'rules:\n  - { effect: permit, uses: [train], field: { include: [healthcare] }, exclusive: true }\n',
    );
    const first = json(await by('ada', 'grant', id('custom'), '--licensee', did('lab'), '--rules', file));
    const second = await by(
      'ada',
      'grant',
      id('custom'),
      '--licensee',
      did('rival'),
      '--use',
      'train.rl',
      '--exclusive',
    );
    expect(second.code).toBe(7);
    expect(second.stderr).toContain(first['id']);
    const elsewhere = ['--use', 'train.rl', '--exclusive', '--except-field', 'healthcare'];
    json(await by('ada', 'grant', id('custom'), '--licensee', did('rival'), ...elsewhere));
  });

  test.each<[string, string[], number, RegExp]>([
    ['no use', [], 2, /--use/],
    ['an unknown use', ['--use', 'training'], 2, /--use/],
    ['a country that is none', ['--use', 'train', '--territory', 'UK'], 2, /--territory.*GB, not UK/],
    [
      'a period that ends first',
      ['--use', 'train', '--from', '2027-01-01T00:00:00Z', '--until', '2026-01-01T00:00:00Z'],
      2,
      /not after from/,
    ],
    ['both lists', ['--use', 'train', '--field', 'a', '--except-field', 'b'], 2, /exclude each other/],
    ['options beside a file', ['--use', 'train', '--rules', 'rules.yaml'], 2, /leave --use out/],
  ])('%s is refused', async (_, options, code, says) => {
    const refused = await by('ada', 'grant', id('mit'), '--licensee', did('lab'), ...options);
    expect(refused.code).toBe(code);
    expect(refused.stderr).toMatch(says);
  });

  test('only the holder grants', async () => {
    expect((await by('rival', 'grant', id('mit'), '--licensee', did('lab'), '--use', 'train')).code).toBe(4);
  });
});

describe('a licence before it is signed', () => {
  const INIT = ['--task-type', 'evaluation', '--role', 'author', '--assistance', 'none', '--yes'];

  test('a misspelt identifier is answered with the right one, by init and by publish', async () => {
    const folder = join(home, 'misspelt');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.txt'), 'a');
    const init = (license: string) => by('ada', 'init', folder, '--license', license, ...INIT);
    const refused = await init('apache2');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('is Apache-2.0 meant?');
    const old = await init('GPL-2.0+');
    expect(old.code).toBe(0);
    expect(old.stderr).toContain('SPDX replaced GPL-2.0+ by GPL-2.0-or-later');
    const file = join(folder, 'firsthand.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('GPL-2.0+', 'cc-by-4.0'));
    const published = await by('ada', 'publish', folder);
    expect(published.code).toBe(1);
    expect(published.stderr).toMatch(/firsthand.yaml line \d+: rights.license: .*is CC-BY-4.0 meant\?/);
  });

  test('rules that search cannot tell apart are remarked on, and decided about all the same', async () => {
    const { stderr } = await publish('daily', 'MIT');
    expect(stderr).toContain('note: these rules tell more times or countries apart than search by use does');
    expect(await ask('daily', 'train')).toMatchObject({ decision: 'conditional' });
    const page = json(await by('lab', 'search', '--use', 'train', 'daily')) as SearchPage;
    expect(page.datasets).toEqual([]);
  });

  test('share-alike beside noncommercial is warned about, with both clauses', async () => {
    await publish('alike', 'CC-BY-SA-4.0');
    const { stderr } = await publish('odd', 'CC0-1.0', '--part', id('alike'), '--part', id('nc'));
    expect(stderr).toContain(`"alike", ${id('alike')} (CC-BY-SA-4.0, share-alike: §3(b))`);
    expect(stderr).toContain(`"nc", ${id('nc')} (CC-BY-NC-4.0, non-commercial: §2(a)(1)) do not go together`);
  });
});

test.each<[string, string[], number, RegExp]>([
  ['an unknown use', ['--use', 'training'], 2, /--use/],
  ['an unknown country', ['--use', 'train', '--territory', 'EU'], 2, /--territory/],
  ['--offline without a certificate', ['--use', 'train', '--offline'], 2, /--certificate/],
])('rights refuses %s', async (_, options, code, says) => {
  const refused = await by('lab', 'rights', id('mit'), ...options);
  expect(refused.code).toBe(code);
  expect(refused.stderr).toMatch(says);
});

test.each<[string, string[], RegExp]>([
  ['an unknown use', ['--use', 'training'], /--use/],
  ['an unknown country', ['--use', 'train', '--territory', 'UK'], /--territory: .*GB, not UK/],
  ['a purpose of no use', ['--purpose', 'research'], /--use: is missing, which purpose is about/],
])('search refuses %s', async (_, options, says) => {
  const refused = await by('lab', 'search', ...options);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(says);
});

test('a certificate that leaves a revocation out is no proof of anything', async () => {
  await publish('withdrawn', 'CC0-1.0');
  json(await by('ada', 'revoke', id('withdrawn'), '--reason', 'withdrawn'));
  expect(await ask('withdrawn', 'train')).toMatchObject({ decision: 'deny', limitedBy: { source: 'standing' } });
  const file = join(home, 'evidence.json');
  const certificate = JSON.parse(readFileSync(file, 'utf8')) as { statements: { entry: string }[] };
  certificate.statements = certificate.statements.filter(({ entry }) => !entry.includes('"Revocation"'));
  writeFileSync(file, JSON.stringify(certificate));
  const ran = await by('lab', 'rights', id('withdrawn'), '--use', 'train', '--certificate', file, '--offline');
  expect(ran.code).toBe(3);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toContain('its revocation was left out');
});

test('an erased record is denied, online', async () => {
  await publish('gone', 'CC0-1.0');
  json(await by('ada', 'revoke', id('gone'), '--reason', 'withdrawn', '--erase'));
  const ran = await by('lab', 'rights', id('gone'), '--use', 'train');
  expect(ran.code).toBe(3);
  expect(JSON.parse(ran.stdout)).toMatchObject({ decision: 'deny', limitedBy: { source: 'standing' } });
});
