import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeOutput } from './durable-file.ts';
import { ResultsFile } from './issuing/results-file.ts';
import { temporaryFolder } from './testing/run-cli.ts';

test('what is written to a pipe goes through it, and it stays one', async () => {
  const pipe = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const [said] = await Promise.all([readFile(pipe, 'utf8'), writeOutput(pipe, 'words')]);
  expect(said).toBe('words');
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});

test('results are kept in no pipe and no folder', async () => {
  const folder = temporaryFolder();
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const path of [pipe, folder]) {
    await expect(ResultsFile.create(path, [])).rejects.toThrow(`${path} is there, and holds no results`);
  }
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});

test('a file is replaced as a whole, and a folder is not', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'file');
  writeFileSync(file, 'what was there before');
  await writeOutput(file, 'words');
  expect(readFileSync(file, 'utf8')).toBe('words');
  await expect(writeOutput(folder, 'words')).rejects.toThrow(`${folder} is a folder`);
  expect(readdirSync(folder)).toEqual(['file']);
});
