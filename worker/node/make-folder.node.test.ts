import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

test('makes what is missing, for its owner alone, and leaves what is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'firsthand-folder-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (let again = 0; again < 2; again++) makeFolder(join(folder, 'a/b/c'));
  expect(['a', 'a/b', 'a/b/c'].map((each) => statSync(join(folder, each)).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeFolder(join(folder, 'file'))).toThrow('is a file');
  expect(() => makeFolder(join(folder, 'file/below'))).toThrow('ENOTDIR');
});

test.runIf(process.platform === 'linux')('where no folder can be made, says so instead of trying for ever', () => {
  expect(() => makeFolder('/proc/x/y')).toThrow('/proc/x cannot be made: no folders can be made in /proc');
});
