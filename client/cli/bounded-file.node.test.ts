import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readText, readTextIfThere } from './bounded-file.ts';
import { cliIn, temporaryFolder } from './testing/run-cli.ts';

test.each([
  ['verify', '--offline'],
  ['watch', '--once', '--registry', 'http://127.0.0.1:9'],
])('%s: a pipe where a certificate should lie is refused: nobody may ever write to it', async (...args) => {
  const home = temporaryFolder();
  const folder = join(home, 'set');
  mkdirSync(join(folder, '.firsthand'), { recursive: true });
  writeFileSync(join(folder, 'a.txt'), 'text');
  execFileSync('mkfifo', [join(folder, '.firsthand/certificate.json')]);
  const { code, stderr } = await cliIn(home)(...args, folder);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('certificate.json is not a regular file') as string,
  });
});

test('a pipe that somebody named is read', async () => {
  const pipe = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const [said] = await Promise.all([readText(pipe, 100), writeFile(pipe, 'words')]);
  expect(said).toBe('words');
});

test('what is not there is null, and past its bound nothing is read', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'file');
  expect(await readTextIfThere(file, 4)).toBeNull();
  writeFileSync(file, 'words');
  expect(await readTextIfThere(join(file, 'below'), 4)).toBeNull();
  await expect(readTextIfThere(file, 4)).rejects.toThrow('larger than 4 bytes');
  await expect(readText(folder, 4)).rejects.toThrow(`${folder} is a folder`);
});
