import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, onTestFinished, test } from 'vitest';
import { rowOf } from './row-argument.ts';
import { temporaryFolder } from './testing/run-cli.ts';

test('a row of Parquet goes by its number, and is the same as in JSON', async () => {
  const file = join(temporaryFolder(), 'a.parquet');
  const columnData = [{ name: 'name', data: ['x', 'y', 'z'], type: 'STRING' as const }];
  writeFileSync(file, new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 2 })));
  for (const [i, name] of ['x', 'y', 'z'].entries())
    expect(await rowOf(`${file}:${i + 1}`)).toBe(await rowOf(`{"name":"${name}"}`));
  await expect(rowOf(`${file}:4`)).rejects.toMatchObject({ code: 'not-found', message: `${file} has no row 4` });
  writeFileSync(file, 'PAR1 and no more of it PAR1');
  await expect(rowOf(`${file}:1`)).rejects.toMatchObject({ code: 'invalid-file' });
});

test('what is no file, or a link, is said to be', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'sub.jsonl'));
  symlinkSync('/etc/hostname', join(folder, 'link.jsonl'));
  await expect(rowOf(`${join(folder, 'sub.jsonl')}:1`)).rejects.toMatchObject({
    code: 'invalid-file',
    message: expect.stringContaining('sub.jsonl is a folder') as string,
  });
  await expect(rowOf(`${join(folder, 'link.jsonl')}:1`)).rejects.toMatchObject({
    code: 'invalid-file',
    message: expect.stringContaining('link.jsonl is a symbolic link') as string,
  });
});

test('a file that changes while its row is looked for is found out', async () => {
  const file = join(temporaryFolder(), 'a.jsonl.gz');
  writeFileSync(file, gzipSync('{"a":1}\n'.repeat(500_000)));
  let time = 0;
  const changing = setInterval(() => utimesSync(file, ++time, time), 1);
  onTestFinished(() => clearInterval(changing));
  await expect(rowOf(`${file}:400000`)).rejects.toMatchObject({ code: 'conflict' });
});
