import { createWriteStream, mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Report } from '../../schemas/report.ts';
import type { Cli, Servers } from '../../client/cli/context.ts';
import { readContent } from '../../client/cli/content/read-content.ts';
import { runCommand } from '../../client/cli/main.ts';
import { createOutput } from '../../client/cli/output.ts';
import { RegistryClient } from '../../client/registry-client.ts';
import { digestOf } from '../../protocol/digest.ts';
import { here, startChild, stopChild, withFolder } from './child.ts';
import { line, median, settleDisk } from './report.ts';

const ROWS = { human: 1_200_000, model: 300_000 };
/** Rows of each in the file that is verified. */
const TAKEN = { human: 900_000, model: 100_000 };
const RUNS = 5;

/**
 * Verifying a million rows out of two datasets, shuffled, against a registry: beside the hashing of that file, which is part
 * of it. In turn, in one process that is warm; the registry is another.
 */
export async function benchMix(): Promise<void> {
  await withFolder(async (home) => {
    const { child, ready } = await startChild<Ready>([here('./registry-process.ts'), join(home, 'data')]);
    try {
      const context = contextAt(home, ready);
      await publishBoth(home, context, ready);
      const mix = join(home, 'mix.jsonl');
      await writeRows(mix, shuffledRows());
      settleDisk();
      const verifying: number[] = [];
      const hashing: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        hashing.push(await timed(async () => (await readContent(quiet(context), mix))[Symbol.dispose]()));
        verifying.push(await timed(async () => expectAll(await command(context, 'verify', mix, '--json'))));
      }
      const [whole, hash] = [median(verifying), median(hashing)];
      line(
        `verify ${TAKEN.human + TAKEN.model} shuffled rows of two records, online`,
        `${(whole / 1000).toFixed(2)} s`,
        `hashing alone ${(hash / 1000).toFixed(2)} s: ${(whole / hash).toFixed(2)} ×`,
      );
    } finally {
      await stopChild(child);
    }
  });
}

interface Ready {
  url: string;
  operatorKeyFile: string;
}

const none = (): Promise<never> => Promise.reject(new Error('there is one already'));
const NO_SERVERS: Servers = { startRegistry: none, startIssuer: none, openBans: none };

interface BenchContext {
  home: string;
  env: Record<string, string>;
}

const contextAt = (home: string, { url }: Ready): BenchContext => ({
  home,
  // What is to be hashed each time must not be known after a minute.
  env: { HOME: home, FIRSTHAND_REGISTRY: url, FIRSTHAND_NO_CACHE: '1' },
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs a command here and answers what it printed; throws where it failed. */
async function command({ env }: BenchContext, ...args: string[]): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCommand(args, {
    env,
    stdin: process.stdin,
    stdout,
    stderr,
    now: Date.now,
    sleep: (ms) => sleep(ms),
    self: [],
    ...NO_SERVERS,
    onStop: () => () => undefined,
  });
  const said = String((stdout.read() as Buffer | null) ?? '');
  if (code !== 0) throw new Error(`firsthand ${args.join(' ')} ended with ${code}: ${said}${String(stderr.read())}`);
  return said;
}

const quiet = ({ env }: BenchContext): Cli => ({
  env,
  stdin: process.stdin,
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  now: Date.now,
  sleep: (ms) => sleep(ms),
  self: [],
  ...NO_SERVERS,
  onStop: () => () => undefined,
  options: {},
  out: createOutput(new PassThrough(), new PassThrough(), { json: true, env }),
});

function expectAll(printed: string): void {
  const { coverage } = Report.parse(JSON.parse(printed));
  const rows = coverage?.byRecord.map((each) => each.rows).join();
  if (rows !== `${TAKEN.human},${TAKEN.model}`) throw new Error(`wrong coverage: ${printed}`);
}

async function publishBoth(home: string, context: BenchContext, { url, operatorKeyFile }: Ready): Promise<void> {
  const as = (key: string): BenchContext => ({ home, env: { ...context.env, FIRSTHAND_KEY_FILE: key } });
  const newKey = async (name: string): Promise<{ did: string; own: BenchContext }> => {
    const made = await command(context, 'key', 'new', '--name', name, '--insecure-no-passphrase', '--json');
    const { did } = JSON.parse(made) as { did: string };
    return { did, own: as(join(home, '.config/firsthand/keys', `${name}.json`)) };
  };
  const [issuer, ada] = [await newKey('issuer'), await newKey('ada')];
  const level = ['--framework', 'nist-800-63-4=IAL2'];
  await command(as(operatorKeyFile), 'accredit', issuer.did, '--role', 'identity-issuer', '--name', 'Issuer', ...level);
  const checked = ['--framework', 'nist-800-63-4', '--level', 'IAL2', '--method', 'in-person', '--person', 'Ada'];
  await command(issuer.own, 'attest-human', ada.did, ...checked);
  for (const name of ['human', 'model'] as const) {
    const folder = join(home, name);
    mkdirSync(folder);
    await writeRows(
      join(folder, 'rows.jsonl'),
      Array.from({ length: ROWS[name] }, (_, i) => rowOf(name, i)),
    );
    const assistance = name === 'human' ? 'none' : 'synthetic';
    const said = ['--name', name, '--description', '', '--task-type', 'sft-demonstration', '--license', 'MIT'];
    await command(ada.own, 'init', folder, ...said, '--assistance', assistance, '--role', 'author', '--yes');
    await command(ada.own, 'publish', folder);
  }
  for (;;) {
    const { index } = await new RegistryClient({ url }).lookup([digestOf('')]);
    if (index === null) throw new Error('the registry does not say how far its index is');
    if (index.through === index.size && index.pendingRows === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const QUESTION =
  'A baker makes trays of rolls every morning and sells two thirds of them before noon. How many rolls are left if each tray holds a dozen?';
const ANSWER =
  'Each tray holds 12 rolls. Two thirds of them are sold, so one third is left: the number of trays times 12, divided by 3.\n#### 4 times the trays';

/** About as long as a row of gsm8k. */
const rowOf = (name: string, i: number): string =>
  JSON.stringify({ question: `${i} trays (${name}). ${QUESTION}`, answer: `${ANSWER}, so ${4 * i}. ${QUESTION}` });

/** Rows of both, in an order that jumps about. */
function* shuffledRows(): Generator<string> {
  const total = TAKEN.human + TAKEN.model;
  // A step that has no divisor in common with the number of rows comes by each of them once.
  for (let i = 0, at = 0; i < total; i++, at = (at + 611_953) % total) {
    yield at < TAKEN.human ? rowOf('human', at) : rowOf('model', at - TAKEN.human);
  }
}

async function writeRows(file: string, rows: Iterable<string>): Promise<void> {
  const stream = createWriteStream(file);
  let text = '';
  for (const row of rows) {
    text += `${row}\n`;
    if (text.length < 2 ** 20) continue;
    if (!stream.write(text)) await once(stream, 'drain');
    text = '';
  }
  stream.end(text);
  await once(stream, 'finish');
}
