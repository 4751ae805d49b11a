import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { ended, startFirsthand } from '../client/cli/testing/processes.ts';
import { firsthand, temporaryFolder, type Ran } from '../client/cli/testing/run-cli.ts';

// The README's licensing guide, command by command, on the mix that `firsthand demo --mix` serves.

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const GUIDE = README.slice(README.indexOf('### May we use it?'), README.indexOf('### Follow what you rely on'));

/** The code blocks of the guide, in order: what to run, and what it is said to print. */
const BLOCKS = [...GUIDE.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, kind, body]) => ({
  kind,
  lines: linesOf(body),
}));

interface Mix {
  url: string;
  home: string;
  lab: string;
  [name: string]: string;
}

test('each command of it runs, and prints what is printed there', { timeout: 120_000 }, async () => {
  const child = startFirsthand(temporaryFolder(), ['demo', '--mix', '--json']);
  onTestFinished(() => void child.kill());
  const end = ended(child);
  const mix = JSON.parse(await firstLine(child.stdout as NodeJS.ReadableStream, end)) as Mix;
  const env = { HOME: mix.home, FIRSTHAND_REGISTRY: mix.url };
  let last: Ran | undefined;
  const ran: string[] = [];
  for (const { kind, lines } of BLOCKS) {
    if (kind === 'sh') last = undefined;
    // A file's first line says its name.
    if (kind === 'yaml' && lines[0]?.startsWith('# '))
      writeFileSync(join(mix.lab, lines[0].slice(2)), lines.join('\n'));
    for (const line of kind === 'sh' ? lines.filter((word) => word.startsWith('firsthand ')) : []) {
      const args = line.split(' ').slice(1);
      last = await firsthand(
        mix.lab,
        args.map((word) => (word.startsWith('$') ? String(mix[word.slice(1)]) : word)),
        { env },
      );
      ran.push(args[0] as string);
      expect({ line, code: last.code, stderr: last.stderr }).toMatchObject({ code: exitCodeOf(last) });
    }
    if (kind === '' && last !== undefined) shows(last, lines);
  }
  // A guide whose blocks were not found tests nothing.
  expect(new Set(ran)).toEqual(new Set(['rights', 'grant', 'certificate', 'verify', 'search', 'export', 'impact']));

  child.kill('SIGTERM');
  expect((await end).code).toBe(0);
  expect(existsSync(mix.home)).toBe(false);
});

/** A denial ends with 3; all else that the guide has people run succeeds. */
const exitCodeOf = ({ stdout }: Ran): number => (/^(DENY|UNKNOWN) /.test(stdout) ? 3 : 0);

/** Checks that each line is one that the command printed, where `…` leaves something out. */
function shows({ stdout, stderr }: Ran, lines: string[]): void {
  const printed = linesOf(`${stdout}${stderr}`).map(plain);
  for (const line of lines.map(plain).filter((words) => words !== '…')) {
    const pattern = new RegExp(`^${line.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('…', '.*')}$`);
    expect(printed, `in the README: ${line}`).toContainEqual(expect.stringMatching(pattern));
  }
}

/** A line without what differs from run to run: identifiers, times, and how wide the columns are. */
const plain = (line: string): string =>
  line
    .replaceAll(/sha256:[0-9a-f]{4}(?:[0-9a-f]{60}|…)/g, 'sha256:0000')
    .replaceAll(/\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?/g, '2026-01-01')
    .replaceAll(/ +/g, ' ')
    .trim();

function linesOf(block = ''): string[] {
  return block.split('\n').filter((line) => line.trim() !== '');
}

async function firstLine(stdout: NodeJS.ReadableStream, end: Promise<Ran>): Promise<string> {
  const failed = end.then(({ code, stderr }) => Promise.reject(new Error(`demo --mix ended with ${code}: ${stderr}`)));
  return Promise.race([
    new Promise<string>((resolve) => createInterface({ input: stdout }).once('line', resolve)),
    failed,
  ]);
}
