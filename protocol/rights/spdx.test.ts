import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LICENCES } from './licences.ts';
import { readExpression, replacementOf, suggest } from './spdx.ts';

const namesOf = (text: string): string[][] | string => {
  const read = readExpression(text);
  return read.ok ? read.value.map((terms) => terms.map(({ id }) => id)) : read.reason.detail;
};

test.each<[string, string[][]]>([
  ['MIT', [['MIT']]],
  ['MIT OR Apache-2.0', [['MIT'], ['Apache-2.0']]],
  ['MIT AND Apache-2.0', [['MIT', 'Apache-2.0']]],
  ['MIT or ISC and Unlicense', [['MIT'], ['ISC', 'Unlicense']]],
  [
    '(MIT OR ISC) AND Unlicense',
    [
      ['MIT', 'Unlicense'],
      ['ISC', 'Unlicense'],
    ],
  ],
  ['LicenseRef-a AND DocumentRef-b:LicenseRef-c', [['LicenseRef-a', 'DocumentRef-b:LicenseRef-c']]],
])('%s is read as choices of sets', (text, choices) => {
  expect(namesOf(text)).toEqual(choices);
});

test('the plus and the exception are kept', () => {
  expect(readExpression('GPL-2.0+ WITH Classpath-exception-2.0')).toEqual({
    ok: true,
    value: [[{ id: 'GPL-2.0', plus: true, exception: 'Classpath-exception-2.0' }]],
  });
});

describe('what is no expression is refused, and what was meant is said', () => {
  test.each<[string, string | null]>([
    ['apache2', 'Apache-2.0'],
    ['Apache 2.0', 'Apache-2.0'],
    ['Apachee-2.0', 'Apache-2.0'],
    ['mit', 'MIT'],
    ['MIT License', 'MIT'],
    ['cc-by-4.0', 'CC-BY-4.0'],
    ['CC BY 4.0', 'CC-BY-4.0'],
    ['CC-BY-NC-4', 'CC-BY-NC-4.0'],
    ['CC-BY-SA', 'CC-BY-SA-4.0'],
    ['Creative Commons Attribution 4.0', 'CC-BY-4.0'],
    ['GPLv3', 'GPL-3.0-only'],
    ['odc-by', 'ODC-By-1.0'],
    ['pddl', 'PDDL-1.0'],
    ['mit OR cc-by-nc-sa-4.0', 'MIT OR CC-BY-NC-SA-4.0'],
    ['NONE', null],
    ['other', null],
    ['unknown', null],
    ['MIT AND', null],
    ['WITH', null],
    ['', null],
    ['MIT\nOR ISC', null],
    ['MIT; DROP TABLE', null],
  ])('%j', (text, suggestion) => {
    const read = readExpression(text);
    expect(read).toMatchObject({ ok: false, reason: { suggestion } });
  });
});

test.each([
  [`${'('.repeat(10_000)}MIT`, /longer than 500/],
  [`${'('.repeat(100)}MIT${')'.repeat(100)}`, /deeper than 16/],
  [Array.from({ length: 60 }, () => 'MIT').join(' OR '), /more than 32 licences/],
  [Array.from({ length: 5 }, () => '(MIT OR ISC)').join(' AND '), /more than 16 choices/],
  ['NotALicence-1.0', /names NotALicence-1.0, which SPDX does not list/],
])('bounds: %.20s…', (text, reason) => {
  expect(namesOf(text)).toMatch(reason);
});

test('no text is an exception', () => {
  const words = fc.array(
    fc.constantFrom('MIT', 'AND', 'OR', 'WITH', '(', ')', '+', ':', 'LicenseRef-x', 'GPL-2.0', ' ', 'é'),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        words.map((each) => each.join(' ')),
      ),
      (text) => void readExpression(text),
    ),
  );
});

test('deprecated identifiers are replaced as SPDX says', () => {
  expect(replacementOf({ id: 'GPL-2.0', plus: true })).toBe('GPL-2.0-or-later');
  expect(replacementOf({ id: 'GPL-2.0', plus: false })).toBe('GPL-2.0-only');
  expect(replacementOf({ id: 'MIT', plus: false })).toBeNull();
  const replaced = replacementOf({ id: 'GPL-2.0-with-classpath-exception', plus: false }) as string;
  expect(namesOf(replaced)).toEqual([['GPL-2.0-only']]);
});

test('every licence of the table is listed by SPDX, once, and is what its own spelling suggests', () => {
  expect(new Set(LICENCES.map(({ id }) => id)).size).toBe(LICENCES.length);
  for (const { id } of LICENCES) {
    expect(namesOf(id)).toEqual([[id]]);
    expect(suggest(id.toLowerCase())).toBe(id);
  }
});
