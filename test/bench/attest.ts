import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { signerFromSeed } from '../../protocol/ed25519/signer.ts';
import { here, startChild, stopChild, withFolder } from './child.ts';
import { line, perSecond } from './report.ts';

const VERIFIED = ['--framework', 'nist-800-63-4', '--level', 'IAL2', '--method', 'in-person'];

/** `attest-human --csv` as a person runs it: reading, checking, signing, submitting, receipts, and every file synced. */
export async function benchAttest(people: number): Promise<void> {
  await withFolder(async (folder) => {
    const registry = [here('./registry-process.ts'), join(folder, 'data')];
    const { child, ready } = await startChild<{ url: string; operatorKeyFile: string }>(registry);
    const firsthand = async (args: string[], env: Record<string, string> = {}): Promise<Record<string, unknown>> => {
      const { stdout } = await promisify(execFile)(process.execPath, [here('../../firsthand.ts'), ...args, '--json'], {
        env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: '', FIRSTHAND_REGISTRY: ready.url, ...env },
      });
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const { did } = await firsthand(['key', 'new', '--insecure-no-passphrase']);
    await firsthand(
      ['accredit', String(did), '--role', 'identity-issuer', '--name', 'Bench', '--framework', 'nist-800-63-4=IAL2'],
      { FIRSTHAND_KEY_FILE: ready.operatorKeyFile },
    );
    const file = join(folder, 'people.csv');
    writeFileSync(file, await peopleCsv(people));
    const timed = async (what: string, outcome: string, ...more: string[]): Promise<void> => {
      const start = performance.now();
      const ended = await firsthand(['attest-human', '--csv', file, ...VERIFIED, ...more]);
      if (ended[outcome] !== people) throw new Error(`the bench broke: ${JSON.stringify(ended)}`);
      line(what, perSecond(people / ((performance.now() - start) / 1000)), `${people.toLocaleString('en')} people`);
    };
    await timed('attest a CSV of people, dry run', 'valid', '--dry-run');
    await timed('attest a CSV of people', 'issued', '--results', join(folder, 'results.ndjson'));
    await timed('the same again: all attested already', 'already');
    await stopChild(child);
  });
}

async function peopleCsv(people: number): Promise<string> {
  const lines = ['did,person'];
  for (let i = 0; i < people; i++) {
    const { did } = await signerFromSeed(new Uint8Array(randomBytes(32)));
    lines.push(`${did},"student, ${i}"`);
  }
  return `${lines.join('\n')}\n`;
}
