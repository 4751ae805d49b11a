import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createOutput } from '../output.ts';
import { Absence } from './absence.ts';
import type { WatchEvent } from './events.ts';

test('an absence is noted at once and every five minutes, is stale after five, and ends with a word', () => {
  const stderr = new PassThrough();
  const events: WatchEvent[] = [];
  const start = Date.UTC(2026, 10, 21);
  let now = start;
  const out = createOutput(new PassThrough(), stderr, { json: true, env: {} });
  const absence = new Absence({ now: () => now, out }, 'https://registry.test', (event) => events.push(event));
  const notes = (): string[] =>
    String(stderr.read() ?? '')
      .split('\n')
      .slice(0, -1);

  const pauses = Array.from({ length: 12 }, () => absence.note('connection refused'));
  expect(notes()).toEqual([
    expect.stringMatching(/^note: connection refused; last heard from at 2026-11-21T00:00:00.000Z/),
  ]);
  expect(pauses[0]).toBeGreaterThanOrEqual(500);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(30_000);
  expect(pauses.at(-1)).toBeGreaterThanOrEqual(15_000);
  absence.end();
  expect(notes()).toEqual(['note: https://registry.test answers again']);
  expect(events).toEqual([]);

  for (let minute = 0; minute <= 12; minute++) {
    now = start + minute * 60_000;
    absence.note('no answer in time');
  }
  expect(notes()).toHaveLength(3);
  absence.end();
  const since = '2026-11-21T00:00:00.000Z';
  expect(events).toEqual([
    { event: 'stale', registry: 'https://registry.test', since, reason: 'no answer in time' },
    { event: 'back', registry: 'https://registry.test', since },
  ]);
  absence.note('again');
  expect(events).toHaveLength(2);
});
