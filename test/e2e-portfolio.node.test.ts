import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ImpactAnswer } from '../client/cli/impact/impact-view.ts';
import type { Portfolio } from '../client/cli/portfolio/portfolio.ts';
import { accredit, attest, describeDataset, foundRegistry, Persona } from '../client/cli/testing/processes.ts';
import { cliIn, type Ran } from '../client/cli/testing/run-cli.ts';
import { timestampOf } from '../protocol/time.ts';
import { startRegistry } from '../worker/node/start.ts';
import { idOf } from './support/statements.ts';

// A licensing team's mix, and a publisher who looks before withdrawing: the two ends of one lineage, by the commands.

const DAY = 86_400_000;
const SOON = timestampOf(Date.now() + 30 * DAY);
const LATER = timestampOf(Date.now() + 200 * DAY);

let home: string;
let registry: Awaited<ReturnType<typeof startRegistry>>;
const people = new Map<string, Persona>();
const ids = new Map<string, string>();

const person = (who: string): Persona => people.get(who) as Persona;
const by = (who: string, ...args: string[]): Promise<Ran> => person(who).plain(...args);
const did = (who: string): string => person(who).did;
const id = (what: string): string => ids.get(what) as string;
const json = <T = Record<string, unknown>>({ code, stdout, stderr }: Ran, expected = 0): T => {
  if (code !== expected) throw new Error(`ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
};
const at = (...names: string[]): string => join(home, ...names);

async function publish(what: string, license: string, rules = '', ...parts: string[]): Promise<void> {
  const folder = at('data', what);
  mkdirSync(folder, { recursive: true });
  if (parts.length === 0) writeFileSync(join(folder, 'rows.jsonl'), `{"of":"${what}"}\n`);
  const of = parts.flatMap((part) => ['--part', id(part)]);
  await describeDataset(person('ada'), folder, what, '--license', license, ...of);
  const file = join(folder, 'firsthand.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(`license: ${license}`, `license: ${license}${rules}`));
  ids.set(what, String(json(await by('ada', 'publish', folder, '--json'))['id']));
}

const TERMS = `\n  terms: { digest: "sha256:${'a'.repeat(64)}" }`;
const FORMULA = '=SUM(A1,A2)';

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'firsthand-portfolio-'));
  registry = await startRegistry({ dataDir: at('registry'), port: 0, host: '127.0.0.1', log: () => undefined });
  const founders = await foundRegistry(home, registry);
  people.set('ada', founders.ada);
  ids.set('issuer accredited', founders.accreditation).set('credential', founders.credential);
  for (const name of ['other', 'lab']) {
    mkdirSync(at(name));
    people.set(name, await new Persona(at(name), name, registry.url).withNewKey());
  }
  await accredit(founders.operator, person('other'));
  await publish('mit', 'MIT');
  await publish('nc', 'CC-BY-NC-4.0');
  await publish(
    'ends',
    'LicenseRef-House',
    `${TERMS}\n  rules:\n    - { effect: permit, uses: [train], period: { until: "${SOON}" }, duties: [report] }`,
  );
  await publish('gone', 'CC0-1.0');
  await publish('inner', 'CC0-1.0', '', 'nc');
  await publish('whole', 'CC0-1.0', '', 'mit', 'inner');
  await publish(FORMULA, 'CC-BY-4.0');
  json(await by('ada', 'revoke', id('gone'), '--reason', 'withdrawn', '--erase', '--json'));
});

afterAll(async () => {
  await registry?.close();
  rmSync(home, { recursive: true, force: true });
});

/** A list of records, as a team keeps one. */
function list(...lines: string[]): string {
  const file = at('lab', 'mix.txt');
  writeFileSync(file, lines.join('\n'));
  return file;
}

const TRAIN = ['--use', 'train.finetune', '--purpose', 'commercial', '--model-release', 'closed-weights'];

describe('a mix', () => {
  test('has a line for each record, and the worst of them decides', async () => {
    const file = list(
      '# our mix',
      id('mit'),
      '',
      `  ${id('whole')}  # of parts`,
      id('gone'),
      idOf('nothing'),
      id('mit'),
    );
    const ran = await by('lab', 'rights', '--portfolio', file, ...TRAIN, '--json');
    const mix = json<Portfolio>(ran, 3);
    expect(ran.stderr).toContain('line 7 repeats line 2: counted once');
    expect(mix).toMatchObject({
      decision: 'deny',
      duties: [],
      counts: { allow: 1, conditional: 0, unknown: 1, deny: 2 },
      limiting: id('whole'),
      changes: [],
      note: expect.stringContaining('nobody knows yet') as string,
    });
    expect(mix.records).toMatchObject([
      { record: id('mit'), name: 'mit', decision: 'allow', limitedBy: null, path: [], fault: null },
      {
        record: id('whole'),
        decision: 'deny',
        limitedBy: { record: id('nc'), license: 'CC-BY-NC-4.0' },
        path: [{ name: 'whole' }, { name: 'inner' }, { record: id('nc'), name: 'nc' }],
      },
      { record: id('gone'), decision: 'deny', fault: expect.stringContaining('was erased') as string },
      {
        record: idOf('nothing'),
        decision: 'unknown',
        fault: expect.stringContaining('not a dataset record') as string,
      },
    ]);
    expect(mix.records[0]?.asOf?.size).toBeGreaterThan(10);
  });

  test('adds duties up, and tells what ends within the days asked about', async () => {
    json(
      await by(
        'ada',
        'grant',
        id('nc'),
        '--licensee',
        did('lab'),
        '--use',
        'train',
        '--until',
        LATER,
        '--duty',
        'pay',
        '--json',
      ),
    );
    const ask = (...more: string[]) =>
      by('lab', 'rights', '--portfolio', list(id('ends'), id('whole')), ...TRAIN, '--licensee', did('lab'), ...more);
    const mix = json<Portfolio>(await ask('--json'));
    expect(mix).toMatchObject({
      decision: 'conditional',
      duties: ['report', 'pay'],
      changes: [{ at: SOON.replace('Z', '.000Z'), from: 'conditional', to: 'unknown', record: id('ends') }],
    });
    expect(mix.records.map(({ changes }) => changes.length)).toEqual([1, 0]);
    expect(mix.records[0]?.changes[0]).toMatchObject({
      to: { decision: 'unknown' },
      because: [{ record: id('ends'), reason: 'rule 1 of the record, which permits train, ends' }],
    });
    expect(json<Portfolio>(await ask('--json', '--expiring', '7')).changes).toEqual([]);
    const year = json<Portfolio>(await ask('--json', '--expiring', '365'));
    expect(year.changes.map(({ from, to }) => [from, to])).toEqual([
      ['conditional', 'unknown'],
      ['unknown', 'deny'],
    ]);
    const { code, stdout } = await ask();
    expect(code).toBe(0);
    expect(stdout).toContain('CONDITIONAL  train.finetune of a mix of 2 records: conditional 2');
    expect(stdout).toContain('duty: pay (1 of 2 records)');
    expect(stdout).toMatch(/whole › inner › nc/);
    expect(stdout).toMatch(/conditional → unknown {2}ends/);
  });

  test('as CSV runs no formula, and reads back', async () => {
    const file = list(id(FORMULA), id('whole'));
    const { code, stdout, stderr } = await by('lab', 'rights', '--portfolio', file, ...TRAIN, '--csv');
    expect(code).toBe(3);
    const [header, formula, whole] = parse(stdout);
    expect(header?.slice(0, 4)).toEqual(['record', 'name', 'decision', 'duties']);
    expect(formula?.slice(0, 3)).toEqual([id(FORMULA), `'${FORMULA}`, 'allow']);
    expect(whole?.slice(4, 8)).toEqual([id('nc'), 'whole › inner › nc', 'CC-BY-NC-4.0', '§2(a)(1)']);
    expect(stderr).toContain('DENY  train.finetune of a mix of 2 records');
  });

  test('is decided from a folder of certificates without a network, where a damaged one is a line', async () => {
    const folder = at('lab', 'certificates');
    mkdirSync(folder);
    for (const what of ['mit', 'whole']) {
      json(await by('lab', 'certificate', id(what), '-o', join(folder, `${what}.json`), '--json'));
    }
    writeFileSync(join(folder, 'notes.json'), '{}');
    const offline = cliIn(at('lab'), { env: { FIRSTHAND_REGISTRY: 'http://127.0.0.1:1' } });
    const ask = (path: string) => offline('rights', '--portfolio', path, ...TRAIN, '--offline', '--json');
    const ran = await ask(folder);
    const mix = json<Portfolio>(ran, 3);
    expect(ran.stderr).toContain('notes.json: passed over, no certificate');
    expect(mix.records.map(({ name, decision }) => [name, decision])).toEqual([
      ['mit', 'allow'],
      ['whole', 'deny'],
    ]);
    expect(json<Portfolio>(await ask(join(folder, 'mit.json'))).decision).toBe('allow');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 40 * DAY });
    const [old, told] = [await ask(folder), await offline('rights', '--portfolio', folder, ...TRAIN, '--offline')];
    vi.useRealTimers();
    const past = expect.stringMatching(/past its validity: what happened since is not known/) as string;
    expect(json<Portfolio>(old, 3).records.map(({ warnings }) => warnings)).toEqual([[past], [past]]);
    expect(told.stderr).toContain(`note: ${id('mit')}: the status is as of`);
    expect(mix.records.map(({ warnings }) => warnings)).toEqual([[], []]);
    const text = readFileSync(join(folder, 'mit.json'), 'utf8');
    writeFileSync(join(folder, 'mit.json'), text.replace('"name":"mit"', '"name":"tim"'));
    const damaged = json<Portfolio>(await ask(folder), 3);
    expect(damaged).toMatchObject({ counts: { allow: 0, unknown: 1, deny: 1 } });
    expect(damaged.records[0]).toMatchObject({
      record: id('mit'),
      decision: 'unknown',
      name: null,
      fault: expect.stringMatching(/does not hold: statement.digest/) as string,
    });
    // Online, the folder says which records, and their certificates are fetched anew.
    expect(
      json<Portfolio>(await by('lab', 'rights', '--portfolio', folder, ...TRAIN, '--json'), 3).counts,
    ).toMatchObject({ allow: 1, deny: 1 });
  });

  test.each<[string, () => string[], number, RegExp]>([
    ['neither an id nor a mix', () => [], 2, /either the ID of a record, or --portfolio/],
    ['both', () => [id('mit'), '--portfolio', list(id('mit'))], 2, /either the ID of a record, or --portfolio/],
    ['--csv of one record', () => [id('mit'), '--csv'], 2, /--csv goes with --portfolio/],
    ['--csv with --json', () => ['--portfolio', list(id('mit')), '--csv', '--json'], 2, /exclude each other/],
    [
      'days that are none',
      () => ['--portfolio', list(id('mit')), '--expiring', '-1'],
      2,
      /--expiring: .*number of days/,
    ],
    ['a time to come', () => ['--portfolio', list(id('mit')), '--at', '2090-01-01'], 2, /--at: nobody knows yet/],
    [
      'lines that name no record',
      () => ['--portfolio', list(id('mit'), 'mit', id('nc'), '\u001b[2J')],
      1,
      /line 2: .*\n.*line 4: /,
    ],
    ['a list of nothing', () => ['--portfolio', list('# later')], 1, /names no record/],
    [
      'more than are answered for',
      () => ['--portfolio', list(...Array.from({ length: 257 }, (_, i) => idOf(`${i}`)))],
      1,
      /names 257 records; together, 256 /,
    ],
    ['a list offline', () => ['--portfolio', list(id('mit')), '--offline'], 2, /--offline decides from certificates/],
    ['a file that is not there', () => ['--portfolio', at('nowhere')], 5, /no such file/],
  ])('refuses %s', async (_, args, code, says) => {
    const ran = await by('lab', 'rights', ...args(), '--use', 'train');
    expect(ran.stderr).toMatch(says);
    expect(ran.code).toBe(code);
    expect(ran.stdout).toBe('');
  });
});

describe('before a withdrawal', () => {
  const impact = async (...args: string[]): Promise<ImpactAnswer> =>
    json<ImpactAnswer>(await by('ada', 'impact', ...args, '--json'));

  test('it is told what is made of a record, and which saved certificates carry it', async () => {
    const answer = await impact(id('nc'), '--certificates', at('lab', 'certificates'), '--certificates', at('data'));
    expect(answer).toMatchObject({
      kind: 'DatasetRecord',
      next: null,
      note: expect.stringMatching(/touched at once/) as string,
    });
    expect(answer.items.map(({ name, kind, when, how }) => [name ?? kind, when, how])).toEqual([
      ['nc', 'always', 'itself'],
      ['inner', 'always', 'ancestor'],
      ['whole', 'always', 'ancestor'],
      ['RightsGrant', 'always', 'subject'],
    ]);
    const files = answer.certificates.map(({ file, when, how, fault }) => [
      file.slice(home.length + 1),
      when ?? fault?.split(':')[0],
      how,
    ]);
    expect(files.toSorted()).toEqual([
      ['data/inner/.firsthand/certificate.json', 'always', 'ancestor'],
      ['data/nc/.firsthand/certificate.json', 'always', 'itself'],
      ['data/whole/.firsthand/certificate.json', 'always', 'ancestor'],
      // It was damaged above.
      ['lab/certificates/mit.json', 'the certificate does not hold', null],
      ['lab/certificates/whole.json', 'always', 'ancestor'],
    ]);
    expect(answer.certificates.find(({ file }) => file.endsWith('whole.json'))?.touched).toBe(4);
    const { stdout } = await by('ada', 'impact', id('nc'));
    expect(stdout).toContain(`withdrawing the DatasetRecord ${id('nc')}`);
    expect(stdout).toMatch(
      new RegExp(`touched +DatasetRecord +${id('whole')} +whole +something .*part ${id('inner')}`),
    );
  });

  test('offline the certificates tell alone', async () => {
    const offline = cliIn(at('lab'), { env: { FIRSTHAND_REGISTRY: 'http://127.0.0.1:1' } });
    const ask = async (of: string): Promise<ImpactAnswer> =>
      json<ImpactAnswer>(
        await offline(
          'impact',
          of,
          '--certificates',
          join(at('lab', 'certificates'), 'whole.json'),
          '--offline',
          '--json',
        ),
      );
    expect(await ask(id('credential'))).toMatchObject({
      kind: 'HumanCredential',
      asOf: null,
      items: [],
      certificates: [{ record: id('whole'), when: 'reaching-back', how: 'authority', fault: null }],
    });
    expect(await ask(id('issuer accredited'))).toMatchObject({ certificates: [{ when: 'reaching-back' }] });
    expect(await ask(id('ends'))).toMatchObject({
      kind: null,
      note: 'none of 1 certificates carries it',
      certificates: [],
    });
  });

  test('of a credential, what only a withdrawal that reaches back would touch, a page at a time', async () => {
    const first = await impact(id('credential'), '--limit', '3');
    expect(first.items.map(({ when }) => when)).toEqual(['always', 'reaching-back', 'reaching-back']);
    const rest = await impact(id('credential'), '--after', String(first.next));
    expect(rest.items[0]?.name).toBe('ends');
    expect(rest.items.every(({ when }) => when === 'reaching-back')).toBe(true);
    // Another issuer vouches from now on, and nothing of what was signed before is any safer for it.
    const { id: second } = await attest(person('other'), did('ada'), '7');
    await publish('late', 'CC0-1.0');
    const last = (await impact(id('credential'))).items.at(-1);
    expect(last).toMatchObject({ id: id('late'), when: 'never', otherwise: second });
  });

  test.each<[string, () => string[], number, RegExp]>([
    ['what is no id', () => ['nc'], 2, /ID: expected sha256/],
    ['what is not logged', () => [idOf('nothing')], 5, /not in this log/],
    ['--offline without certificates', () => [id('nc'), '--offline'], 2, /--certificates FOLDER/],
    ['a page that is none', () => [id('nc'), '--after', '0x10'], 2, /--after/],
    ['a folder without any', () => [id('nc'), '--certificates', at('other')], 5, /no certificate in/],
  ])('refuses %s', async (_, args, code, says) => {
    const ran = await by('ada', 'impact', ...args());
    expect(ran.stderr).toMatch(says);
    expect(ran.code).toBe(code);
  });
});
