import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createOutput, jsonLine } from './output.ts';
import { sanitize, sanitizeLine, styleFor, table, text } from './terminal.ts';

test.each([
  ['an escape sequence', '\u001b[2Jgone', '\\u{1b}[2Jgone'],
  ['a carriage return', 'FAIL\rPASS', 'FAIL\\u{d}PASS'],
  ['a backspace', 'a\bb', 'a\\u{8}b'],
  ['a C1 control', '\u009b31m', '\\u{9b}31m'],
  ['a direction override', 'abc\u202ecba', 'abc\\u{202e}cba'],
  ['a zero-width space', 'a\u200bb', 'a\\u{200b}b'],
  ['a lone surrogate', 'a\ud800b', 'a\\u{d800}b'],
  ['honest text', 'Grüße, 世界 👋\n\tok', 'Grüße, 世界 👋\n\tok'],
])('%s', (_name, hostile, safe) => {
  expect(sanitize(hostile)).toBe(safe);
});

test('a value in a template is sanitised, the template’s own words and styles are not', () => {
  const { red } = styleFor(true);
  expect(text`${red('\u001b[2J')} says ${'\u001b]0;x\u0007'} ${7}`.text).toBe(
    '\u001b[31m\\u{1b}[2J\u001b[39m says \\u{1b}]0;x\\u{7} 7',
  );
  expect(styleFor(false).red('plain').text).toBe('plain');
});

test('a cell cannot start a row of its own', () => {
  expect(
    table([
      ['a', 'x\n✓ log.checkpoint'],
      ['long', 'y'],
    ]),
  ).toEqual(['a     x\\n✓ log.checkpoint', 'long  y']);
  expect(sanitizeLine('a\tb\nc')).toBe('a b\\nc');
});

test('a table may be longer than a call has arguments', () => {
  expect(table(Array.from({ length: 200_000 }, (_, i) => [String(i), 'x'])).at(-1)).toBe('199999  x');
});

test('JSON stays JSON, with nothing in it that steers a terminal', () => {
  const value = { name: 'a\u009b31m\u202e\u2028\u001b' };
  const line = jsonLine(value);
  expect(line).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(line)).toEqual(value);
});

test('colours only for a terminal, and never under NO_COLOR or --json', () => {
  const styled = (isTTY: boolean, env: NodeJS.ProcessEnv, json = false): boolean => {
    const stdout = Object.assign(new PassThrough(), { isTTY });
    return createOutput(stdout, new PassThrough(), { json, env }).style.red('x').text !== 'x';
  };
  expect(styled(true, {})).toBe(true);
  expect(styled(false, {})).toBe(false);
  expect(styled(true, { NO_COLOR: '1' })).toBe(false);
  expect(styled(true, { TERM: 'dumb' })).toBe(false);
  expect(styled(true, {}, true)).toBe(false);
});
