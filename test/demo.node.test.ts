import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ended, startFirsthand } from '../client/cli/testing/processes.ts';

function emptyHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'firsthand-demo-test-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

// Every command of it is a process of its own.
test('the demo tells the whole story and leaves nothing behind', { timeout: 120_000 }, async () => {
  const home = emptyHome();
  const { code, stdout, stderr } = await ended(startFirsthand(home, ['demo']));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Where to go next');
  expect(readdirSync(home)).toEqual([]);
});

test('interrupted, it stops what it started and cleans up', async () => {
  const home = emptyHome();
  const child = startFirsthand(home, ['demo']);
  const end = ended(child);
  const url = await new Promise<string>((resolve) => {
    let seen = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      const found = /FIRSTHAND_REGISTRY=(\S+)/.exec(seen)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  child.kill('SIGINT');
  expect((await end).code).toBe(130);
  expect(readdirSync(home)).toEqual([]);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});
