import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LookupResponse } from '../schemas/api.ts';
import { Report } from '../schemas/report.ts';
import { cliIn, type Ran } from '../client/cli/testing/run-cli.ts';
import { utf8 } from '../protocol/bytes.ts';
import { digestFromBytes, digestOf } from '../protocol/digest.ts';
import { encodeManifest, summarizeContent } from '../protocol/manifest.ts';
import { RowList } from '../protocol/rows/row-list.ts';
import { cast, log, post, putBlob } from './contract/client.ts';
import type { Endpoint } from './contract/harness.ts';
import { openReadOnly } from './support/read-only.ts';
import { drafts, signed } from './support/statements.ts';
import { prepareState, startWrangler, type WranglerDev, type WranglerState } from './support/wrangler-dev.ts';

// The Worker as it is deployed, in a workerd process of its own, and the command line against it.
const SAMPLES = { human: 'samples/kitchen-arithmetic/questions.jsonl', model: 'samples/model-made/questions.jsonl' };
/** Rows of each in the mix, and of nobody. */
const TAKEN = { human: 9, model: 4, nobody: 3 };
/** Rows in the index that is interrupted: more than six steps take. */
const ROWS = 50_000;

let home: string;
let state: WranglerState;
let worker: WranglerDev;
let run: (...args: string[]) => Promise<Ran>;
const ids = { human: '', model: '' };
const rows = { human: [''], model: [''] };

const endpoint = (): Endpoint => ({
  fetch: (path, init) => fetch(new URL(path, worker.url), init),
  operator: state.operator,
  close: () => worker.kill(),
});

async function ask(digests: readonly string[]): Promise<LookupResponse> {
  const response = await post(endpoint(), '/v1/lookups', JSON.stringify({ digests }));
  expect(response.status).toBe(200);
  return (await response.json()) as LookupResponse;
}

/** Which records each of these is of, once nothing is pending. */
async function find(digests: readonly string[]): Promise<string[][]> {
  for (;;) {
    const { matches, index } = await ask(digests);
    if (index.pendingRows === 0 && index.through === index.size) return matches.map(({ records }) => records);
    await sleep(50);
  }
}

async function done(key: string, ...args: string[]): Promise<Record<string, unknown>> {
  const env = { FIRSTHAND_REGISTRY: worker.url, FIRSTHAND_KEY_FILE: key };
  const { code, stdout, stderr } = await cliIn(home, { env })(...args, '--json');
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'firsthand-workerd-'));
  state = await prepareState(home);
  worker = await startWrangler(state);
  run = cliIn(home, { env: { FIRSTHAND_REGISTRY: worker.url } });
  const newKey = async (name: string): Promise<{ did: string; file: string }> => {
    const { did } = await done('', 'key', 'new', '--name', name, '--insecure-no-passphrase');
    return { did: String(did), file: join(home, '.config/firsthand/keys', `${name}.json`) };
  };
  const [issuer, ada] = [await newKey('issuer'), await newKey('ada')];
  const level = ['--framework', 'nist-800-63-4=IAL2'];
  await done(state.operatorKeyFile, 'accredit', issuer.did, '--role', 'identity-issuer', '--name', 'Issuer', ...level);
  const checked = ['--framework', 'nist-800-63-4', '--level', 'IAL2', '--method', 'in-person', '--person', 'Ada'];
  await done(issuer.file, 'attest-human', ada.did, ...checked);
  for (const name of ['human', 'model'] as const) {
    const [folder, sample] = [join(home, name), fileURLToPath(new URL(SAMPLES[name], import.meta.url))];
    mkdirSync(folder);
    cpSync(sample, join(folder, 'rows.jsonl'));
    rows[name] = readFileSync(sample, 'utf8').trimEnd().split('\n');
    const assistance = name === 'human' ? 'none' : 'synthetic';
    const said = ['--name', name, '--description', 'A test', '--task-type', 'sft-demonstration', '--license', 'MIT'];
    await done(ada.file, 'init', folder, ...said, '--role', 'author', '--assistance', assistance, '--yes');
    ids[name] = String((await done(ada.file, 'publish', folder))['id']);
  }
});
afterAll(async () => {
  await worker?.kill();
  rmSync(home, { recursive: true, force: true });
});

test('rows that were mixed and respelled are told apart, and one of them is proven', async () => {
  const respelled = (line: string): string =>
    JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).toReversed()), null, 1).replaceAll(
      '\n',
      ' ',
    );
  const human = rows.human.slice(0, TAKEN.human).map(respelled);
  const mixed = [
    ...human,
    ...rows.model.slice(0, TAKEN.model).map(respelled),
    ...Array.from({ length: TAKEN.nobody }, (_, i) => `{"question":"nobody's, number ${i}"}`),
  ];
  const write = (name: string, lines: readonly string[]): string => {
    writeFileSync(join(home, name), `${lines.toSorted((a, b) => (digestOf(a) < digestOf(b) ? -1 : 1)).join('\n')}\n`);
    return join(home, name);
  };
  const policy = join(home, 'human.yaml');
  writeFileSync(policy, 'policy: firsthand/v1\nhuman: { required: true }\nassistance: { max: editing }\n');
  expect(await find([digestOf('nothing')]), 'all is indexed').toEqual([[]]);
  const verify = async (file: string): Promise<[number, Report]> => {
    const { code, stdout } = await run('verify', file, '--policy', policy, '--json');
    return [code, Report.parse(JSON.parse(stdout))];
  };
  const [code, report] = await verify(write('mixed.jsonl', mixed));
  expect(report.coverage).toMatchObject({
    rows: mixed.length,
    matched: TAKEN.human + TAKEN.model,
    unmatched: TAKEN.nobody,
    refused: TAKEN.model,
    byRecord: [
      { record: ids.human, rows: TAKEN.human, assistance: 'none', accepted: true },
      { record: ids.model, rows: TAKEN.model, assistance: 'synthetic', accepted: false },
    ],
  });
  expect(code).toBe(3);
  expect(await verify(write('human.jsonl', human))).toMatchObject([0, { verdict: 'pass', subject: ids.human }]);

  const proof = join(home, 'proof.json');
  expect((await run('prove', human[0] ?? '', '-o', proof)).code).toBe(0);
  const switchedOff = cliIn(home, { env: { FIRSTHAND_REGISTRY: 'http://127.0.0.1:9' } });
  expect((await switchedOff('prove', '--check', proof, human[0] ?? '')).code).toBe(0);
  expect((await switchedOff('prove', '--check', proof, human[1] ?? '')).code).toBe(3);
});

/** The file of the content index, as D1 has it in workerd. */
function indexFile(): string {
  const folder = join(home, 'v3/d1/miniflare-D1DatabaseObject');
  const found = readdirSync(folder).find((name) => {
    if (!name.endsWith('.sqlite')) return false;
    using database = openReadOnly(join(folder, name));
    return database.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'row_entries'`).get() !== undefined;
  });
  if (found === undefined) throw new Error(`no content index in ${folder}`);
  return join(folder, found);
}

test('it is killed while it fills its index, and goes on by itself', async () => {
  const { alice } = await cast(endpoint(), 'killed');
  const list = createHash('shake256', { outputLength: ROWS * 32 })
    .update('rows')
    .digest();
  const made = new RowList();
  made.append(list);
  const sha256 = digestOf('file').slice('sha256:'.length);
  const file = { path: 'a.jsonl', bytes: 1, mediaType: 'application/jsonl', sha256, rows: made.end('jsonl', 0) };
  const text = encodeManifest({ files: [file] });
  const content = { ...summarizeContent(text, { files: [file] }), visibility: 'public' as const };
  const draft = drafts.record(alice.did, 'killed', { id: content.root, content });
  const { id } = await log(endpoint(), await signed(draft, alice));
  for (const blob of [utf8(text), new Uint8Array(list)]) {
    expect((await putBlob(endpoint(), blob)).status).toBe(201);
  }
  {
    using database = openReadOnly(indexFile());
    const indexed = database.prepare('SELECT indexed FROM row_segments ORDER BY id DESC LIMIT 1').pluck();
    while (indexed.get() === 0) await sleep(5);
    await worker.kill();
    // What is committed now is all there is to go on from.
    expect(indexed.get()).toBeGreaterThan(0);
    expect(indexed.get()).toBeLessThan(ROWS);
  }
  worker = await startWrangler(state);
  const every = Array.from({ length: ROWS }, (_, i) => digestFromBytes(list.subarray(i * 32, (i + 1) * 32)));
  const asked = [...every.filter((_, i) => i % 16 === 0), every.at(-1) ?? '', digestOf('nothing')];
  expect(await find(asked)).toEqual([...asked.slice(0, -1).map(() => [id]), []]);
});
