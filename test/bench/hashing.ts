import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashContent } from '../../client/cli/content/hash-content.ts';
import { SpoolFolder } from '../../client/cli/content/spool.ts';
import { findContent } from '../../client/cli/content/walk.ts';
import { withFolder } from './child.ts';
import { line, mediansMs, percent, settleDisk } from './report.ts';

const MIB = 2 ** 20;

const RUNS = 3;

/** Hashing 4 GB on all cores, beside `openssl dgst -sha256` on one, in turn. Both read from the page cache. */
export async function benchHashing(): Promise<void> {
  await benchFolder('4 files of 1 GiB', 4, 1024 * MIB);
  await benchFolder('80,000 files of 50 KiB', 80_000, 50 * 1024);
}

async function benchFolder(name: string, count: number, bytes: number): Promise<void> {
  await withFolder(async (folder) => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const content = randomFillSync(Buffer.alloc(bytes));
    const paths = Array.from({ length: count }, (_, i) => join(data, `${i}.bin`));
    for (const [i, path] of paths.entries()) {
      content.writeUInt32LE(i);
      writeFileSync(path, content);
    }
    const ours = async (): Promise<void> => {
      using spool = new SpoolFolder();
      await hashContent((await findContent(data)).files, spool);
    };
    const theirs = async (): Promise<void> => {
      for (let at = 0; at < count; at += 5000) {
        execFileSync('openssl', ['dgst', '-sha256', ...paths.slice(at, at + 5000)], { stdio: 'ignore' });
      }
    };
    settleDisk();
    await ours();
    const [mine, openssl] = await mediansMs(RUNS, ours, theirs);
    const rate = (ms: number): string => `${((count * bytes) / ms / 1e6).toFixed(2)} GB/s`;
    line(`hash ${name}`, rate(mine), `openssl dgst, one core, ${rate(openssl)}: ${percent(openssl / mine)}`);
  });
}
