import { expect, test } from 'vitest';
import { conflictsAmong } from './compatibility.ts';

const among = (...licences: string[]): string[] =>
  conflictsAmong(licences.map((license, i) => ({ what: `part ${i}`, license }))).map(
    ({ alike, limited }) =>
      `${alike.what} ${alike.license} ${alike.clause} / ${limited.what} ${limited.license} ${limited.clause} ${limited.limit}`,
  );

test.each<[string, string[], string[]]>([
  [
    'share-alike beside no-derivatives',
    ['CC-BY-SA-4.0', 'CC-BY-ND-4.0'],
    ['part 0 CC-BY-SA-4.0 §3(b) / part 1 CC-BY-ND-4.0 §2(a)(1)(B) no-derivatives'],
  ],
  [
    'share-alike beside non-commercial, whichever comes first',
    ['CC-BY-NC-4.0', 'MIT', 'ODbL-1.0'],
    ['part 2 ODbL-1.0 §4.4 / part 0 CC-BY-NC-4.0 §2(a)(1) non-commercial'],
  ],
  [
    'two share-alike licences, one of them non-commercial',
    ['CC-BY-SA-4.0', 'CC-BY-NC-SA-4.0'],
    ['part 0 CC-BY-SA-4.0 §3(b) / part 1 CC-BY-NC-SA-4.0 §2(a)(1) non-commercial'],
  ],
  ['the same licence twice', ['CC-BY-NC-SA-4.0', 'CC-BY-NC-SA-4.0'], []],
  [
    'a share-alike licence that is non-commercial itself, and one that only is',
    ['CC-BY-NC-SA-4.0', 'CC-BY-NC-4.0'],
    [],
  ],
  ['no share-alike at all', ['CC-BY-NC-4.0', 'CC-BY-ND-4.0', 'MIT'], []],
  ['a choice that avoids it', ['CC-BY-SA-4.0 OR MIT', 'CC-BY-NC-4.0'], []],
  [
    'no choice that avoids it',
    ['CC-BY-SA-4.0 OR GPL-3.0-only', 'MIT AND CC-BY-NC-4.0'],
    ['part 0 CC-BY-SA-4.0 §3(b) / part 1 CC-BY-NC-4.0 §2(a)(1) non-commercial'],
  ],
  ['what implies nothing', ['CC-BY-SA-4.0', 'LicenseRef-x', 'nonsense'], []],
])('%s', (_, licences, conflicts) => {
  expect(among(...licences)).toEqual(conflicts);
});
