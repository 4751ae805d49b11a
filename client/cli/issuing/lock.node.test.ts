import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/run-cli.ts';
import { takeLock } from './lock.ts';

/** The number of a process that has ended. */
const DEAD = spawnSync(process.execPath, ['-e', '']).pid;

test('one has it at a time, and gives it back', async () => {
  const file = join(temporaryFolder(), 'lock');
  const release = await takeLock(file);
  await expect(takeLock(file)).rejects.toMatchObject({ code: 'conflict' });
  await release();
  await (
    await takeLock(file)
  )();
});

test.each([
  ['by a process that died', `${DEAD} 01234567-0123-4123-8123-0123456789ab`],
  ['by one of before that died', String(DEAD)],
  ['by nobody', ''],
])('of many that find it held %s, one has it', async (_, held) => {
  for (let round = 0; round < 20; round++) {
    const folder = temporaryFolder();
    const file = join(folder, 'lock');
    writeFileSync(file, held);
    const taken = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(file)));
    const winners = taken.filter((each) => each.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(readFileSync(file, 'utf8')).toContain(`${process.pid} `);
    await winners[0]?.value();
    expect(readdirSync(folder)).toEqual([]);
  }
});

test('one that died while it cleared a dead one away is in nobody’s way', async () => {
  const folder = temporaryFolder();
  const name = '01234567-0123-4123-8123-0123456789ab';
  writeFileSync(join(folder, 'lock'), `${DEAD} ${name}`);
  writeFileSync(join(folder, `lock.${name}`), `${DEAD} ${name}`);
  await (
    await takeLock(join(folder, 'lock'))
  )();
  expect(readdirSync(folder)).toEqual([]);
});
