import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CROISSANT_BYTES } from '../../import/croissant.ts';
import { cliIn, temporaryFolder, type Ran } from '../testing/run-cli.ts';

const ORCHARD = join(import.meta.dirname, '../../../test/samples/orchard');
const ASKED = ['--task-type', 'annotation', '--assistance', 'none', '--role', 'author', '--yes'];
const DESCRIBED = [...ASKED, '--name', 'N', '--license', 'CC0-1.0'];

/** The sample, in a folder of its own. */
function orchard(): { folder: string; init: (...args: string[]) => Promise<Ran>; yaml: () => Record<string, unknown> } {
  const folder = temporaryFolder();
  cpSync(ORCHARD, folder, { recursive: true });
  const init = (...args: string[]): Promise<Ran> => cliIn(folder)('init', folder, ...args);
  return {
    folder,
    init,
    yaml: () => parse(readFileSync(join(folder, 'firsthand.yaml'), 'utf8')) as Record<string, unknown>,
  };
}

/** What `init` makes of metadata that is beside nothing. */
async function initFrom(metadata: string, ...args: string[]): Promise<Ran> {
  const [folder, file] = [temporaryFolder(), join(temporaryFolder(), 'metadata.json')];
  writeFileSync(file, metadata);
  return cliIn(folder)('init', folder, '--croissant', file, ...args);
}

describe('init --croissant', () => {
  test('takes what is sure, tells the rest, and writes what the record’s schema takes', async () => {
    const { folder, init, yaml } = orchard();
    const ran = await init('--croissant', join(folder, 'metadata.json'), ...ASKED, '--license', 'CC-BY-4.0');
    expect(ran.code).toBe(0);
    expect(yaml()).toMatchObject({
      name: 'Orchard',
      version: '1.2.0',
      keywords: ['fruit', 'yields'],
      rights: { license: 'CC-BY-4.0', rules: [{ effect: 'prohibit', purpose: 'commercial' }] },
    });
    expect(JSON.stringify(yaml())).not.toMatch(/Gardener|derivedFrom|language/);
    expect(ran.stderr).toMatch(/ambiguous +isBasedOn/);
    expect(ran.stderr).toMatch(/unusable +inLanguage +"English"/);
    expect(ran.stderr).toMatch(/ignored: creator: .*personal data/);
    expect(ran.stderr).toMatch(/files: 1 as declared, 1 DIFFERENT .*, 1 with something else for a sha256/);
    expect(ran.stderr).toMatch(/WARNING: data\/notes\.csv is not the file that this metadata describes/);
    expect(ran.stderr).toMatch(/metadata\.json lies among the files/);
  });

  test('under --json, it is data', async () => {
    const { folder, init } = orchard();
    const { stdout, stderr } = await init(
      '--croissant',
      join(folder, 'metadata.json'),
      ...ASKED,
      '--license',
      'MIT',
      '--json',
    );
    expect(JSON.parse(stdout)).toMatchObject({
      metadata: { name: 'Orchard' },
      imported: [
        {
          kind: 'croissant',
          version: '1.1',
          findings: expect.arrayContaining([
            { path: 'name', value: 'Orchard', outcome: 'taken', reason: 'as name' },
            {
              path: 'license',
              value: 'cc-by',
              outcome: 'ambiguous',
              reason: expect.stringMatching(/CC-BY-1\.0/) as string,
            },
          ]) as object[],
          files: [
            { path: 'distribution/0', outcome: 'match', file: 'data/trees.jsonl' },
            { outcome: 'differs', file: 'data/notes.csv', found: expect.stringMatching(/^sha256:/) as string },
            { outcome: 'not-a-sha256' },
          ],
        },
      ],
    });
    expect(stderr).not.toMatch(/ambiguous/);
  });

  test('a licence that is not sure has no default, and nothing is written', async () => {
    const { folder, init } = orchard();
    const ran = await init('--croissant', join(folder, 'metadata.json'), ...ASKED, '--json');
    expect(ran.code).toBe(2);
    const errors = [
      expect.objectContaining({ path: 'license', message: expect.stringMatching(/does not say which/) as string }),
    ] as object[];
    expect(JSON.parse(ran.stderr)).toMatchObject({
      error: { message: '--license is needed', errors: expect.arrayContaining(errors) as object[] },
    });
    expect(existsSync(join(folder, 'firsthand.yaml'))).toBe(false);
  });

  test('options come before what is imported', async () => {
    const { folder, init, yaml } = orchard();
    await init('--croissant', join(folder, 'metadata.json'), ...DESCRIBED, '--language', 'en');
    expect(yaml()).toMatchObject({
      name: 'N',
      language: ['en'],
      rights: { license: 'CC0-1.0' },
      description: 'Yields and notes of two fruit trees.',
    });
  });

  test('an existing firsthand.yaml stays, unless forced', async () => {
    const { folder, init, yaml } = orchard();
    writeFileSync(join(folder, 'firsthand.yaml'), 'name: mine\n');
    expect(await init('--croissant', join(folder, 'metadata.json'), ...DESCRIBED)).toMatchObject({ code: 7 });
    expect(yaml()).toEqual({ name: 'mine' });
    expect(await init('--croissant', join(folder, 'metadata.json'), ...DESCRIBED, '--force')).toMatchObject({
      code: 0,
    });
  });

  test('whatever the text, what is written is what was read', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    const folder = temporaryFolder();
    const file = join(temporaryFolder(), 'metadata.json');
    await fc.assert(
      fc.asyncProperty(text, text, fc.array(text, { maxLength: 3 }), async (name, description, keywords) => {
        writeFileSync(file, JSON.stringify({ '@type': 'Dataset', name, description, keywords, license: 'MIT' }));
        const ran = await cliIn(folder)('init', folder, '--croissant', file, ...ASKED, '--force', '--json');
        if (ran.code === 2) return;
        const { metadata } = JSON.parse(ran.stdout) as { metadata: object };
        expect(parse(readFileSync(join(folder, 'firsthand.yaml'), 'utf8'))).toEqual(metadata);
      }),
      { numRuns: 40 },
    );
  });
});

describe('hostile metadata', () => {
  test('larger than the limit, or without an end', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'metadata.json');
    writeFileSync(file, '');
    truncateSync(file, 100 * 1024 * 1024);
    for (const source of [file, '/dev/zero']) {
      const ran = await cliIn(folder)('init', folder, '--croissant', source, ...DESCRIBED);
      expect(ran).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(`larger than ${CROISSANT_BYTES} bytes`) as string,
      });
    }
  });

  test.each([
    ['{"@type":"Dataset","name":"a","name":"b"}', /given twice/],
    ['{"__proto__":{"@type":"Dataset"}}', /__proto__/],
    ['['.repeat(100_000), /not JSON|nested deeper/],
    ['[1]', /is no Croissant/],
  ])('metadata that %#: is refused', async (metadata, reason) => {
    expect(await initFrom(metadata, ...DESCRIBED)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(reason) as string,
    });
  });

  test('steers no terminal, neither by a value nor by the name of a field', async () => {
    const hostile = {
      '@type': 'Dataset',
      name: 'a\u001b[2J',
      '\u001b]0;owned\u0007': 'x',
      creator: '\u202e',
      license: 'MIT\r\nall: fine',
    };
    const { stderr } = await initFrom(JSON.stringify(hostile), ...DESCRIBED);
    // oxlint-disable-next-line no-control-regex
    expect(stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
  });

  test('a path that leads out of the folder is looked up nowhere', async () => {
    const { folder, init } = orchard();
    writeFileSync(join(folder, '..', 'outside.txt'), 'secret');
    const distribution = [
      '../outside.txt',
      '/etc/passwd',
      'data/../../outside.txt',
      'file:///etc/passwd',
      '..\\outside.txt',
    ].map((contentUrl) => ({ '@type': 'FileObject', contentUrl, sha256: 'a'.repeat(64) }));
    writeFileSync(join(folder, 'metadata.json'), JSON.stringify({ '@type': 'Dataset', distribution }));
    const { stdout } = await init('--croissant', join(folder, 'metadata.json'), ...DESCRIBED, '--json');
    const { imported } = JSON.parse(stdout) as { imported: { files: { outcome: string }[] }[] };
    expect(imported[0]?.files.map(({ outcome }) => outcome)).toEqual(distribution.map(() => 'absent'));
  });

  test('a link among the files stops no import, and is told', async () => {
    const { folder, init } = orchard();
    symlinkSync('/etc/passwd', join(folder, 'data/link'));
    const ran = await init('--croissant', join(folder, 'metadata.json'), ...DESCRIBED);
    expect(ran).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/not compared .*is a symbolic link/) as string,
    });
  });

  test('thousands of fields crowd out no licence', async () => {
    const fields = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`x${i}`, i]));
    const ran = await initFrom(
      JSON.stringify({ '@type': 'Dataset', ...fields, license: 'cc-by' }),
      ...DESCRIBED.slice(0, -2),
      '--json',
    );
    expect(ran.stderr).toMatch(/does not say which/);
    expect(ran.stderr.length).toBeLessThan(10_000);
  });

  test('a file that is not there', async () => {
    expect(await cliIn(temporaryFolder())('init', '.', '--croissant', 'nowhere.json', ...DESCRIBED)).toMatchObject({
      code: 5,
    });
  });
});

describe('rights of other vocabularies', () => {
  test('AIPREF, as text or from a file, and CAWG', async () => {
    const { folder, init, yaml } = orchard();
    writeFileSync(join(folder, 'preferences'), 'Content-Usage: train-ai=n\n');
    const cawg = join(folder, 'tdm.json');
    writeFileSync(
      cawg,
      JSON.stringify({
        entries: {
          'cawg.data_mining': { use: 'allowed' },
          'cawg.ai_training': { use: 'constrained', constraint_info: 'ask' },
        },
      }),
    );
    const ran = await init('--aipref', join(folder, 'preferences'), '--cawg', cawg, ...DESCRIBED);
    expect(yaml()).toMatchObject({
      rights: {
        rules: [
          { effect: 'prohibit', uses: ['train', 'distil'] },
          { effect: 'permit', uses: ['analyse'] },
        ],
      },
    });
    expect(ran.stderr).toMatch(/ambiguous +entries\/cawg\.ai_training .*constrained, by “ask”/);
    await init('--aipref', 'search=y', ...DESCRIBED, '--force');
    expect(yaml()).toMatchObject({ rights: { rules: [{ effect: 'permit', uses: ['search'] }] } });
    await init('--aipref', 'train-ai=maybe', ...DESCRIBED, '--force');
    expect(yaml()['rights']).toEqual({ license: 'CC0-1.0' });
  });

  test.each([
    [['--aipref', 'Train-AI=n'], 2, /no structured field dictionary/],
    [['--aipref', 'nowhere'], 5, /no such file/],
    [['--cawg', 'nowhere'], 5, /no such file/],
  ])('%j', async (args, code, reason) => {
    const { init } = orchard();
    expect(await init(...args, ...DESCRIBED)).toMatchObject({ code, stderr: expect.stringMatching(reason) as string });
  });

  test('what is no assertion', async () => {
    const { folder, init } = orchard();
    expect(await init('--cawg', join(folder, 'metadata.json'), ...DESCRIBED)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no entries/) as string,
    });
  });
});

describe('croissant', () => {
  test('a line for each file, and what is none says so and ends with 1', async () => {
    const folder = temporaryFolder();
    cpSync(ORCHARD, join(folder, 'orchard'), { recursive: true });
    mkdirSync(join(folder, '.git'));
    writeFileSync(join(folder, '.git', 'x.json'), '{}');
    expect(await cliIn(folder)('croissant', folder)).toMatchObject({ code: 0 });
    writeFileSync(join(folder, 'broken.json'), '{');
    writeFileSync(join(folder, 'package.json'), '{"name":"x"}');
    const { code, stdout } = await cliIn(folder)('croissant', folder);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^broken\.json .*not JSON/m);
    expect(stdout).toMatch(/^package\.json .*is no Croissant/m);
    expect(stdout).toMatch(/^orchard\/metadata\.json +Orchard +cc-by +– +2\/3 +1 +– +licence, language, sha256$/m);
    expect(stdout).toMatch(/^files: 3; Croissant: 1; /m);
  });

  test('under --json, it is data', async () => {
    const { stdout } = await cliIn(temporaryFolder())('croissant', join(ORCHARD, 'metadata.json'), '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      files: [
        {
          name: 'Orchard',
          licence: { found: ['cc-by'], read: null },
          sha256: { valid: 2, total: 3 },
          creators: 1,
          missing: ['licence', 'language', 'sha256'],
        },
      ],
      totals: { files: 1, croissant: 1, licences: 0, missing: { licence: 1 } },
    });
  });

  test('nothing there', async () => {
    const folder = temporaryFolder();
    expect(await cliIn(folder)('croissant', folder)).toMatchObject({ code: 5 });
    expect(await cliIn(folder)('croissant', join(folder, 'nowhere'))).toMatchObject({ code: 5 });
  });
});
