import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ContentHasher } from '../../client/cli/content/hash-content.ts';
import { SpoolFolder } from '../../client/cli/content/spool.ts';
import { findContent } from '../../client/cli/content/walk.ts';
import { withFolder } from './child.ts';
import { line, mediansMs, percent, settleDisk } from './report.ts';

const MIB = 2 ** 20;

const RUNS = 3;

/** So many files of so many bytes each. */
interface Files {
  count: number;
  bytes: number;
}

const LARGE = 1024 * MIB;
const SMALL = 50 * 1024;

/** Hashing 4 GiB on all cores, beside `openssl dgst -sha256` on one, in turn. Both read from the page cache. */
export async function benchHashing(): Promise<void> {
  await benchFolder('4 files of 1 GiB', [{ count: 4, bytes: LARGE }]);
  await benchFolder('80,000 files of 50 KiB', [{ count: 80_000, bytes: SMALL }]);
  const both = [
    { count: 2, bytes: LARGE },
    { count: 40_000, bytes: SMALL },
  ];
  await benchFolder('2 files of 1 GiB, 40,000 of 50 KiB', both);
}

async function benchFolder(name: string, files: readonly Files[]): Promise<void> {
  await withFolder(async (folder) => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const paths = files.flatMap((each) => fill(data, each));
    const ours = async (): Promise<void> => {
      using spool = new SpoolFolder();
      await using hasher = new ContentHasher(spool);
      await findContent(data, hasher.add);
      await hasher.end();
    };
    const theirs = async (): Promise<void> => {
      for (let at = 0; at < paths.length; at += 5000) {
        execFileSync('openssl', ['dgst', '-sha256', ...paths.slice(at, at + 5000)], { stdio: 'ignore' });
      }
    };
    settleDisk();
    await ours();
    const [mine, openssl] = await mediansMs(RUNS, ours, theirs);
    const total = files.reduce((sum, { count, bytes }) => sum + count * bytes, 0);
    const rate = (ms: number): string => `${(total / ms / 1e6).toFixed(2)} GB/s`;
    line(`hash ${name}`, rate(mine), `openssl dgst, one core, ${rate(openssl)}: ${percent(openssl / mine)}`);
  });
}

/** Writes files that are all different; answers where they are. */
function fill(folder: string, { count, bytes }: Files): string[] {
  const content = randomFillSync(Buffer.alloc(bytes));
  return Array.from({ length: count }, (_, i) => {
    const path = join(folder, `${bytes}-${i}.bin`);
    content.writeUInt32LE(i);
    writeFileSync(path, content);
    return path;
  });
}
