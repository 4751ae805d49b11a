import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createOutput } from './output.ts';
import { speedBar, speedOf } from './progress.ts';

test('how fast it goes is said in bytes and rows, once there is an average', () => {
  expect(speedOf(1e6, 10, 400)).toBe('');
  expect(speedOf(420e6, 0, 2000)).toBe(' | 210.0 MB/s');
  expect(speedOf(420e6, 1_020_000, 2000)).toBe(' | 210.0 MB/s | 510,000 rows/s');
});

test('the bar says it where somebody watches, and there is none elsewhere', () => {
  const screen = Object.assign(new PassThrough(), { isTTY: true });
  let time = 0;
  const on = (json: boolean) => ({ out: createOutput(screen, screen, { json, env: {} }), now: () => time });
  expect(speedBar(on(true), 'hashing', 10)).toBeNull();
  const bar = speedBar(on(false), 'hashing', 2_000_000);
  time = 1000;
  bar?.add(2_000_000, 3000);
  bar?.stop();
  expect(String(screen.read())).toContain('2.0 MB/s | 3,000 rows/s');
});
