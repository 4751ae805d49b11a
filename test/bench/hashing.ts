import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile } from '../../client/cli/content/hash-file.ts';
import { withFolder } from './child.ts';
import { line, medianMs, percent } from './report.ts';

const FILES = 32;
const FILE_BYTES = 16 * 2 ** 20;

/** Hashing a folder on one core, beside `openssl dgst -sha256` over the same files. Both read from the page cache. */
export async function benchHashing(): Promise<void> {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, 'data'));
    const files = Array.from({ length: FILES }, (_, i) => join(folder, 'data', `${i}.bin`));
    for (const file of files) writeFileSync(file, randomFillSync(Buffer.alloc(FILE_BYTES)));
    const ours = async () => files.map((file) => hashFile(file));
    const theirs = async () => execFileSync('openssl', ['dgst', '-sha256', ...files], { stdio: 'ignore' });
    await ours();
    await theirs();
    const [mine, openssl] = [await medianMs(7, ours), await medianMs(7, theirs)];
    const rate = (ms: number): string => `${((FILES * FILE_BYTES) / ms / 1e6).toFixed(2)} GB/s`;
    line('hash a folder, one core', rate(mine), `openssl dgst ${rate(openssl)}: ${percent(openssl / mine)}`);
  });
}
