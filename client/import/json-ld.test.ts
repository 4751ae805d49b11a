import { describe, expect, test } from 'vitest';
import { readCroissant } from './croissant.ts';

describe('what other readers of JSON-LD would find elsewhere is not overlooked', () => {
  test('two nodes of one name are one thing, and say it together', () => {
    const graph = [
      { '@id': '#d', '@type': 'Dataset', license: 'MIT' },
      { '@id': '#d', license: 'CC-BY-NC-4.0' },
    ];
    expect(readCroissant({ '@graph': graph })).toMatchObject({ ok: false, reason: expect.stringMatching(/#d.*twice/) });
    const licences = [
      { '@id': '#d', '@type': 'Dataset', license: { '@id': '#l' } },
      { '@id': '#l', url: 'https://spdx.org/licenses/MIT' },
      { '@id': '#l', url: 'https://spdx.org/licenses/CC-BY-NC-4.0' },
    ];
    expect(readCroissant({ '@graph': licences })).toMatchObject({ ok: false });
  });

  test('what is around a graph counts beside what is in it', () => {
    const around = { '@type': 'Dataset', license: 'CC-BY-NC-4.0', '@graph': [{ '@type': 'Dataset', license: 'MIT' }] };
    expect(readCroissant(around)).toMatchObject({ ok: false, reason: 'describes 2 datasets, and a record is of one' });
    const same = {
      '@id': '#d',
      license: 'CC-BY-NC-4.0',
      '@graph': { '@id': '#d', '@type': 'Dataset', license: 'MIT' },
    };
    expect(readCroissant(same)).toMatchObject({ ok: false, reason: expect.stringMatching(/#d.*twice/) });
  });

  test.each(['https://creativecommons.org/licenses/by-nc/4.0/', 'http://spdx.org/licenses/CC-BY-NC-4.0'])(
    'a licence whose identifier is %s is that one, whatever it calls itself',
    (id) => {
      const license = { '@id': id, '@type': 'CreativeWork', name: 'MIT License' };
      const read = readCroissant({ '@type': 'Dataset', license });
      const found = {
        path: 'license',
        outcome: 'ambiguous',
        reason: expect.stringMatching(/names .* at once/) as string,
      };
      expect(read.ok && read.value.findings).toContainEqual(expect.objectContaining(found));
    },
  );
});
