import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Report } from '../schemas/report.ts';
import { LookupResponse } from '../schemas/api.ts';
import type { StatementId } from '../schemas/primitives.ts';
import { describeDataset, foundRegistry, type Persona } from '../client/cli/testing/processes.ts';
import { cliIn, type Ran } from '../client/cli/testing/run-cli.ts';
import { digestOf } from '../protocol/digest.ts';
import { startRegistry, type RunningRegistry } from '../worker/node/start.ts';

// Every command against a real registry, in one process: two datasets, and files that are mixed from their rows.
const shared = fileURLToPath(new URL('../../shared/data/gsm8k/', import.meta.url));
const samples = fileURLToPath(new URL('samples/', import.meta.url));
const isShared = existsSync(shared);
if (!isShared) test.skip('gsm8k: ../shared is not there; these run on our own small samples', () => {});
const DATA = isShared
  ? {
      human: `${shared}train.jsonl`,
      model: `${shared}example_model_solutions.jsonl`,
      rows: 5000,
      modelRows: 100,
      strange: 50,
    }
  : {
      human: `${samples}kitchen-arithmetic/questions.jsonl`,
      model: `${samples}model-made/questions.jsonl`,
      rows: 8,
      modelRows: 4,
      strange: 3,
    };

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

let home: string;
let registry: RunningRegistry;
let run: (...args: string[]) => Promise<Ran>;
let ada: Persona;
const ids = { human: '', model: '' };
let mixed: string[];

async function done(ran: Promise<Ran>): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await ran;
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'firsthand-rows-'));
  const options = { dataDir: join(home, 'data'), port: 0, host: '127.0.0.1', log: () => undefined };
  registry = await startRegistry(options);
  run = cliIn(home, { env: { FIRSTHAND_REGISTRY: registry.url } });
  ({ ada } = await foundRegistry(home, registry));
  for (const [name, assistance] of [
    ['human', 'none'],
    ['model', 'synthetic'],
  ] as const) {
    mkdirSync(join(home, name));
    cpSync(DATA[name], join(home, name, 'rows.jsonl'));
    await describeDataset(ada, join(home, name), name, '--license', 'MIT', '--assistance', assistance);
    ids[name] = String((await ada.do('publish', join(home, name)))['id']);
  }
  await indexed();
  mixed = [
    ...shuffled(linesOf(DATA.human)).slice(0, DATA.rows).map(respelled),
    ...shuffled(linesOf(DATA.model)).slice(0, DATA.modelRows).map(respelled),
    ...Array.from({ length: DATA.strange }, (_, i) => `{"question":"nobody's, number ${i}"}`),
  ];
});

afterAll(async () => {
  await registry?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Until every uploaded list is in the index. */
async function indexed(): Promise<void> {
  for (;;) {
    const answer = await fetch(`${registry.url}/v1/lookups`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ digests: [digestOf('')] }),
    });
    const { index } = LookupResponse.parse(await answer.json());
    if (index.through === index.size && index.pendingRows === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** In an order of its own, the same on every run. */
const shuffled = (lines: readonly string[]): string[] => lines.toSorted((a, b) => (digestOf(a) < digestOf(b) ? -1 : 1));

/** The same value, with its keys in another order, more space and everything escaped that may be. */
function respelled(line: string, i: number): string {
  const entries = Object.entries(JSON.parse(line) as object).toReversed();
  const text = JSON.stringify(Object.fromEntries(entries), null, i % 3).replaceAll('\n', ' ');
  return i % 2 === 0 ? text.replaceAll(/[^\0-~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) : text;
}

const repeated = (lines: readonly string[]): number =>
  lines.length -
  new Set(lines.map((line) => JSON.stringify(Object.entries(JSON.parse(line) as object).toSorted()))).size;

const write = (name: string, content: string | Uint8Array): string => {
  const file = join(home, 'lab', name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
};

const text = (lines: readonly string[]): string => `${shuffled(lines).join('\n')}\n`;

async function verify(...args: string[]): Promise<{ code: number; report: Report; stderr: string }> {
  const { code, stdout, stderr } = await run('verify', ...args, '--json');
  if (code !== 0 && code !== 3) throw new Error(`ended with ${code}: ${stderr}`);
  return { code, report: Report.parse(JSON.parse(stdout)), stderr };
}

const failures = (report: Report): string[] => [
  ...new Set(report.checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)),
];

/** A table of rows that have the same members. */
function parquet(lines: readonly string[]): Uint8Array {
  const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const names = Object.keys(rows[0] ?? {});
  const schema = [
    { name: 'root', num_children: names.length },
    ...names.flatMap((name) => column(name, rows[0]?.[name])),
  ];
  const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name]) }));
  return new Uint8Array(parquetWriteBuffer({ columnData, schema }));
}

/** The schema of a column of values like this one: text, numbers, truths, and groups of such. */
function column(name: string, value: unknown): SchemaElement[] {
  const repetition_type = 'OPTIONAL';
  if (typeof value === 'string') return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type }];
  if (typeof value === 'boolean') return [{ name, type: 'BOOLEAN', repetition_type }];
  if (typeof value === 'number') return [{ name, type: 'DOUBLE', repetition_type }];
  const members = Object.entries(value as object);
  return [{ name, num_children: members.length, repetition_type }, ...members.flatMap((each) => column(...each))];
}

/** What a mix must come to: every row told apart. */
function expectMix({ code, report }: { code: number; report: Report }, files = 1): void {
  const { rows, modelRows, strange } = DATA;
  const total = rows + modelRows + strange;
  expect(report.coverage).toMatchObject({
    rows: total,
    matched: rows + modelRows,
    unmatched: strange,
    files,
    duplicates: repeated(mixed),
    refused: modelRows,
    humans: { min: 1, max: 1 },
    byRecord: [
      { record: ids.human, rows, assistance: 'none', standing: 'active', accepted: true },
      { record: ids.model, rows: modelRows, assistance: 'synthetic', standing: 'active', accepted: false },
    ],
  });
  expect(failures(report)).toEqual(['assistance.level', 'content.coverage']);
  expect(code).toBe(3);
}

describe('a file that was mixed, shuffled and spelled anew', () => {
  let policy: string;
  beforeAll(() => {
    policy = write('human.yaml', 'policy: firsthand/v1\nhuman: { required: true }\nassistance: { max: editing }\n');
  });
  const clean = (): string[] => mixed.slice(0, DATA.rows);
  const formats: [string, (lines: readonly string[]) => string | Uint8Array][] = [
    ['mix.jsonl', text],
    ['mix.jsonl.gz', (lines) => gzipSync(text(lines))],
  ];
  test.for(formats)('%s: every row is told apart, and the policy decides', async ([name, encode]) => {
    expectMix(await verify(write(name, encode(mixed)), '--policy', policy));
    const without = await verify(write(`clean-${name}`, encode(clean())), '--policy', policy);
    expect(without).toMatchObject({ code: 0, report: { verdict: 'pass', subject: ids.human } });
    expect(without.report.coverage).toMatchObject({ rows: DATA.rows, matched: DATA.rows, unmatched: 0, refused: 0 });
  });

  test('as Parquet, a table for each kind of row', async () => {
    const [human, model] = [mixed.slice(0, DATA.rows), mixed.slice(DATA.rows, -DATA.strange)];
    for (const [name, lines] of [
      ['human', human],
      ['model', model],
      ['strange', mixed.slice(-DATA.strange)],
    ] as const) {
      write(`parquet/${name}.parquet`, parquet(shuffled(lines)));
    }
    expectMix(await verify(join(home, 'lab/parquet'), '--policy', policy), 3);
    const alone = await verify(join(home, 'lab/parquet/human.parquet'), '--policy', policy);
    expect(alone).toMatchObject({ code: 0, report: { coverage: { rows: DATA.rows, matched: DATA.rows } } });
  });

  test('says which rows are nobody’s, with their lines', async () => {
    const file = write('named.jsonl', text(mixed));
    const target = join(home, 'lab/unmatched.jsonl');
    await verify(file, '--unmatched', target);
    const lines = linesOf(file);
    const named = linesOf(target).map((line) => JSON.parse(line) as { file: string; line: number; text: string });
    expect(named).toHaveLength(DATA.strange);
    for (const { file: name, line, text: row } of named) {
      expect(name).toBe('named.jsonl');
      expect(lines[line - 1]).toBe(row);
      expect(row).toContain("nobody's");
    }
  });

  test('offline, with what was saved, comes to the same', async () => {
    const bundle = join(home, 'bundle');
    for (const id of Object.values(ids)) await done(run('certificate', id, '--with-rows', bundle, '--json'));
    const elsewhere = cliIn(home, { env: { FIRSTHAND_REGISTRY: 'http://127.0.0.1:9' } });
    for (const [name, encode] of formats) {
      const { code, stdout, stderr } = await elsewhere(
        'verify',
        write(name, encode(mixed)),
        '--offline',
        '--certificate',
        bundle,
        '--policy',
        policy,
        '--json',
      );
      expect(stderr).toBe('');
      expectMix({ code, report: Report.parse(JSON.parse(stdout)) });
    }
    // What publishing saved does as well.
    const saved = ['human', 'model'].flatMap((name) => ['--certificate', join(home, name)]);
    expectMix(await verify(write('mix.jsonl', text(mixed)), '--offline', ...saved, '--policy', policy));
  });

  test('of a folder of certificates those count that content comes from; one that is named counts in any case', async () => {
    const bundle = join(home, 'others');
    for (const id of Object.values(ids)) await done(run('certificate', id, '--with-rows', bundle, '--json'));
    const clean = write('clean.jsonl', text(mixed.slice(0, DATA.rows)));
    const offline = (...certificates: string[]) =>
      verify(clean, '--offline', ...certificates.flatMap((each) => ['--certificate', each]), '--policy', policy);
    expect(await offline(bundle)).toMatchObject({ code: 0, report: { subject: ids.human } });
    const named = join(bundle, `${ids.model.slice('sha256:'.length)}.json`);
    expect(await offline(bundle, named)).toMatchObject({ code: 3, report: { subject: null } });
  });

  test('rows of a version that was corrected are those of the correction', async () => {
    const lines = Array.from({ length: 5 }, (_, i) => `{"corrected":${i}}`);
    const publish = async (name: string, more = ''): Promise<string> => {
      mkdirSync(join(home, name));
      writeFileSync(join(home, name, 'rows.jsonl'), text(lines));
      await describeDataset(ada, join(home, name), name, '--license', 'MIT');
      appendFileSync(join(home, name, 'firsthand.yaml'), more);
      return String((await ada.do('publish', join(home, name)))['id']);
    };
    const first = await publish('first');
    const second = await publish('second', `replaces: ${first}\n`);
    await ada.do('revoke', first, '--reason', 'superseded');
    await indexed();
    for (const name of ['whole', 'shuffled']) {
      const file = write(`${name}.jsonl`, name === 'whole' ? text(lines) : `${lines.toReversed().join('\n')}\n`);
      const { report } = await verify(file);
      expect(report.coverage?.byRecord.map(({ record }) => record)).toEqual([second]);
      expect(report).toMatchObject({ verdict: 'pass', subjects: [second] });
    }
  });

  test('--record narrows to that record', async () => {
    const { report } = await verify(write('mix.jsonl', text(mixed)), '--record', ids.model);
    expect(report).toMatchObject({ subject: ids.model, coverage: { matched: DATA.modelRows } });
  });
});

describe('compose', () => {
  const folder = (): string => join(home, 'composed');
  const compose = (...more: string[]): Promise<Ran> =>
    ada.run(
      'compose',
      folder(),
      '--part',
      ids.human,
      '--part',
      ids.model,
      '--name',
      'Mix',
      '--description',
      'A test',
      '--task-type',
      'sft-demonstration',
      '--license',
      'MIT',
      '--language',
      'en',
      '--yes',
      ...more,
    );

  beforeAll(() => {
    mkdirSync(folder());
  });

  test('refuses rows that no part has, and names them', async () => {
    writeFileSync(join(folder(), 'rows.jsonl'), `${mixed.slice(-DATA.strange - 2).join('\n')}\n`);
    const { code, stderr } = await compose();
    expect(code).toBe(3);
    const { error } = JSON.parse(stderr) as { error: { message: string; errors: { path: string; message: string }[] } };
    expect(error.message).toBe(`${DATA.strange} of ${DATA.strange + 2} rows here are in none of the parts`);
    expect(error.errors[0]).toEqual({ path: 'rows.jsonl line 3', message: mixed.at(-DATA.strange) });
    expect(existsSync(join(folder(), 'firsthand.yaml'))).toBe(false);
  });

  test('describes what its parts cover, publishes it, and launders nothing', async () => {
    const covered = mixed.slice(0, -DATA.strange);
    writeFileSync(join(folder(), 'rows.jsonl'), `${covered.join('\n')}\n`);
    const made = await done(compose());
    expect(made).toMatchObject({
      metadata: { content: 'included', parts: [ids.human, ids.model] },
      coverage: { matched: covered.length },
    });
    // What changed since is not covered any more.
    writeFileSync(join(folder(), 'more.jsonl'), '{"mine":1}\n');
    expect((await ada.run('publish', folder())).code).toBe(3);
    rmSync(join(folder(), 'more.jsonl'));
    const { id } = await ada.do('publish', folder());
    const { report } = await verify(folder());
    expect(report).toMatchObject({ verdict: 'pass', subject: id, assistance: { worst: 'synthetic' } });
    // Its rows are still those of the parts, and it is no author.
    expect(report.coverage).toMatchObject({ rows: covered.length, matched: covered.length, refused: 0 });
    expect(report.coverage?.byRecord.map(({ record, rows }) => [record, rows])).toEqual([
      [ids.human, DATA.rows],
      [ids.model, DATA.modelRows],
    ]);
    const refused = await verify(
      folder(),
      '--policy',
      write('human.yaml', 'policy: firsthand/v1\nassistance: { max: editing }\n'),
    );
    expect(refused.code).toBe(3);
  });

  test('is found beside a file of another record, though its rows are its parts’', async () => {
    const composed = readFileSync(join(folder(), 'rows.jsonl'));
    mkdirSync(join(home, 'other'));
    writeFileSync(join(home, 'other', 'notes.txt'), 'of another record\n');
    await describeDataset(ada, join(home, 'other'), 'other', '--license', 'MIT');
    const { id } = await ada.do('publish', join(home, 'other'));
    await indexed();
    write('beside/rows.jsonl', composed);
    write('beside/notes.txt', 'of another record\n');
    const { report } = await verify(join(home, 'lab', 'beside'));
    expect(report.coverage?.byRecord.map(({ record, rows }) => [record, rows])).toEqual([
      [ids.human, DATA.rows],
      [ids.model, DATA.modelRows],
      [id, 1],
    ]);
    expect(report).toMatchObject({ verdict: 'pass', coverage: { unmatched: 0 } });
  });
});

describe('a registry', () => {
  /** The registry as it is, but for what `change` makes of its answers. */
  async function lyingBy(
    change: (path: string, answer: Buffer) => Buffer,
  ): Promise<(...args: string[]) => Promise<Ran>> {
    const proxy = createServer((incoming, outgoing) => void forward(incoming, outgoing));
    const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
      const { method = 'GET', url = '/' } = incoming;
      const body =
        method === 'GET' ? {} : { body: await buffer(incoming), headers: { 'content-type': 'application/json' } };
      const answer = await fetch(`${registry.url}${url}`, { method, ...body });
      outgoing.statusCode = answer.status;
      outgoing.end(change(url, Buffer.from(await answer.arrayBuffer())));
    };
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    return cliIn(home, { env: { FIRSTHAND_REGISTRY: url } });
  }

  const answering = (change: (answer: LookupResponse) => LookupResponse) =>
    lyingBy((path, answer) =>
      path === '/v1/lookups'
        ? Buffer.from(JSON.stringify(change(LookupResponse.parse(JSON.parse(answer.toString())))))
        : answer,
    );

  test('that has something else under a digest spoils no other record’s content', async () => {
    let lists = 0;
    const lying = await lyingBy((path, answer) =>
      path.startsWith('/v1/blobs/') && answer.length % 32 === 0 && lists++ === 0 ? answer.subarray(32) : answer,
    );
    const folder = join(home, 'spoilt');
    for (const id of Object.values(ids)) {
      const { code, stderr } = await lying('certificate', id, '--with-rows', folder, '--json');
      expect(code, stderr).toBe(0);
      expect(stderr.includes('is left out')).toBe(id === ids.human);
    }
    const { report } = await verify(write('mine.jsonl', text(mixed)), '--certificate', folder, '--offline');
    expect(report.coverage).toMatchObject({ matched: DATA.modelRows });
  });

  test('that serves another list, as long as the right one, is not believed', async () => {
    const lying = await lyingBy((path, answer) =>
      path.startsWith('/v1/blobs/') && answer.length === linesOf(DATA.human).length * 32 ? answer.fill(7) : answer,
    );
    const { code, stderr } = await lying('verify', write('mine.jsonl', text(mixed)), '--json');
    expect(code).toBe(3);
    expect(stderr).toMatch(/what was served as sha256:[0-9a-f]{64} has another digest/);
  });

  test('whose index is behind never lets a row be called nobody’s', async () => {
    const behind = await answering(({ matches }) => ({ matches, index: { through: 5, size: 6, pendingRows: 7 } }));
    for (const rows of [mixed, mixed.slice(-DATA.strange)]) {
      const { code, stdout } = await behind('verify', write('behind.jsonl', text(rows)), '--json');
      expect(code).toBe(3);
      const { checks } = Report.parse(JSON.parse(stdout));
      expect(checks.find(({ id }) => id === 'content.index')).toMatchObject({
        outcome: 'warn',
        detail: expect.stringMatching(/at entry 5 of 6 with 7 rows to go/) as string,
      });
    }
  });

  test('that names records it does not serve, or that have none of the rows, makes nothing pass', async () => {
    const nothing = digestOf('no such record') as StatementId;
    for (const records of [[nothing], [ids.human as StatementId]]) {
      const lying = await answering(({ matches, index }) => ({
        matches: matches.map((match) => ({ ...match, records })),
        index,
      }));
      const { code, stdout, stderr } = await lying(
        'verify',
        write('lies.jsonl', text(mixed.slice(-DATA.strange))),
        '--json',
      );
      expect(code).toBe(3);
      expect(Report.parse(JSON.parse(stdout)).coverage?.matched ?? 0).toBe(0);
      if (records[0] === nothing) expect(stderr).toContain('left out 1 records');
    }
  });
});
