import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ended, startFirsthand } from '../testing/processes.ts';
import { temporaryFolder } from '../testing/run-cli.ts';

test('Ctrl-C while a large file is hashed: 130, and nothing is left', async () => {
  const home = temporaryFolder();
  // Of no blocks, and of more bytes than anybody waits for.
  writeFileSync(join(home, 'large.bin'), '');
  truncateSync(join(home, 'large.bin'), 2 ** 40);
  const child = startFirsthand(home, ['verify', 'large.bin', '--offline']);
  const result = ended(child);
  const isHashing = (): boolean => readdirSync(home).some((name) => name.startsWith('firsthand-rows-'));
  await expect.poll(isHashing, { timeout: 20_000, interval: 20 }).toBe(true);
  child.kill('SIGINT');
  expect(await result).toEqual({ code: 130, stdout: '', stderr: '' });
  expect(readdirSync(home)).toEqual(['large.bin']);
});
