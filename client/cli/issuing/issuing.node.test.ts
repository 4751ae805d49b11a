import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { didFromPublicKey } from '../../../protocol/did-key.ts';
import { isValidPublicKey } from '../../../protocol/ed25519/rule.ts';
import { fromHex, toBase64Url, utf8, type Bytes } from '../../../protocol/bytes.ts';
import { sha256Bytes } from '../../../protocol/digest.ts';
import type { Signer } from '../../../protocol/ed25519/signer.ts';
import { drafts, signed, signerOf } from '../../../test/support/statements.ts';
import edges from '../../../test/fixtures/ed25519-edges.json' with { type: 'json' };
import { RegistryClient } from '../../registry-client.ts';
import { MemoryRegistry, URL_OF_TESTS } from '../../testing/memory-registry.ts';
import { temporaryFolder } from '../testing/run-cli.ts';
import { allIssued } from './issuer.ts';
import { readPeople, type Defaults, type Fault, type Wanted } from './people-file.ts';
import { ResultsFile } from './results-file.ts';
import { unusableKeys } from './usable-keys.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const DEFAULTS: Defaults = { framework: 'nist-800-63-4', level: 'IAL2', method: 'in-person' };
const [ADA, BOB] = (await Promise.all(['ada', 'bob'].map(signerOf))).map(({ did }) => String(did)) as [string, string];

const nullifierOf = (person: string): string | null =>
  person.trim().length > 4096 ? null : toBase64Url(sha256Bytes(utf8(person.trim())));

const read = (
  file: string | Uint8Array,
  defaults: Defaults = DEFAULTS,
): Promise<{ people: Wanted[]; faults: Fault[] }> =>
  readPeople(Readable.from([Buffer.from(file)]), { name: 'people.csv', defaults, nullifierOf, now: NOW });

const faultsOf = async (file: string | Uint8Array, defaults?: Defaults): Promise<string[]> =>
  (await read(file, defaults)).faults.map(({ line, column, message }) => `${line} ${column ?? '-'}: ${message}`);

describe('a file of people', () => {
  test('as spreadsheets write it: byte-order mark, CRLF, quotes, blank lines, any order of columns', async () => {
    const file = `\ufeffperson,did,level,verifiedAt\r\n"Lovelace, ""Ada""\r\nof London",${ADA},,\r\n\r\n bob , ${BOB} ,IAL1,2026-01-01T00:00:00Z`;
    const { people, faults } = await read(file);
    expect(faults).toEqual([]);
    expect(people).toMatchObject([
      { line: 2, did: ADA, nullifier: nullifierOf('Lovelace, "Ada"\r\nof London'), verification: { level: 'IAL2' } },
      { line: 5, did: BOB, nullifier: nullifierOf('bob'), verification: { level: 'IAL1' } },
    ]);
    expect(people.map(({ verification }) => verification.verifiedAt)).toEqual([undefined, '2026-01-01T00:00:00Z']);
  });

  test('in UTF-16, as some of them do', async () => {
    const { people } = await read(Buffer.from(`\ufeffdid,person\n${ADA},Ada\n`, 'utf16le'));
    expect(people).toMatchObject([{ did: ADA, nullifier: nullifierOf('Ada') }]);
  });

  test('with expertise, of its own or for all', async () => {
    const file = `did,person,expertise.field,expertise.basis\n${ADA},a,radiology,licence\n${BOB},b,,\n`;
    const all = [{ field: 'law', basis: 'degree' }];
    expect((await read(file, { ...DEFAULTS, expertise: all })).people.map(({ expertise }) => expertise)).toEqual([
      [{ field: 'radiology', basis: 'licence' }],
      all,
    ]);
  });

  test('cells that would be formulas elsewhere are text here, and never are a key', async () => {
    const { people } = await read(`did,person\n${ADA},"=HYPERLINK(""http://x"")"\n`);
    expect(people).toHaveLength(1);
    expect(await faultsOf(`did,person\n=cmd|' /C calc'!A0,b\n@SUM(1),c\n`)).toEqual([
      '2 did: expected an Ed25519 did:key (did:key:z6Mk…)',
      '3 did: expected an Ed25519 did:key (did:key:z6Mk…)',
    ]);
  });

  const line = (cells: string): string => `did,person,level,verifiedAt,validUntil,expertise.field\n${cells}\n`;
  test.each([
    ['an empty key', line(',a,,,,'), '2 did: is empty: whose key is it?'],
    ['an empty person', line(`${ADA},"  ",,,,`), '2 person: is empty: every person needs a reference of yours'],
    ['a person of 5000 bytes', line(`${ADA},${'x'.repeat(5000)},,,,`), '2 person: is too long'],
    ['a level of another framework', line(`${ADA},a,high,,,`), '2 level: not a level of this framework'],
    ['no calendar day', line(`${ADA},a,,2026-02-30T00:00:00Z,,`), '2 verifiedAt: no such date or time'],
    ['a local time', line(`${ADA},a,,01/02/2026,,`), /^2 verifiedAt: expected UTC in whole seconds/],
    ['verified tomorrow', line(`${ADA},a,,2026-06-02T00:00:00Z,,`), /^2 verifiedAt: is in the future/],
    ['expired', line(`${ADA},a,,,2026-05-01T00:00:00Z,`), '2 validUntil: has passed: give a later time'],
    ['half an expertise', line(`${ADA},a,,,,law`), /^2 expertise\.basis: /],
    ['a cell too few', line(`${ADA},a`), /^2 -: has 2 cells, not 6/],
    ['a cell too many', line(`${ADA},Lovelace, Ada,,,,`), /^2 -: has 7 cells, not 6: quote/],
    [
      'a slip in a key',
      line(`${ADA.slice(0, -1)}${ADA.endsWith('A') ? 'B' : 'A'},a,,,,`),
      /^2 did: is not a key that can/,
    ],
    ['the same line twice', line(`${ADA},a,,,,\n${ADA}, a ,,,,`), /^3 did: the same key and person as line 2/],
    ['one key of two people', line(`${ADA},a,,,,\n${ADA},b,,,,`), /^3 did: the key of another person in line 2/],
  ])('names the line and column of %s', async (_name, file, fault) => {
    expect(await faultsOf(file)).toEqual([
      typeof fault === 'string' ? fault : (expect.stringMatching(fault) as string),
    ]);
  });

  test('names Latin-1 by its line, and goes on', async () => {
    const file = Buffer.concat([Buffer.from(`did,person\n${ADA},M`), Buffer.from([0xfc]), Buffer.from(`ller\nx,y\n`)]);
    expect(await faultsOf(file)).toEqual([
      '2 person: is not UTF-8: save the file as UTF-8',
      expect.stringMatching(/^3 did: /) as string,
    ]);
  });

  test.each([
    ['nothing', '', /line 1: the columns must be named/],
    ['no column of persons', `did\n${ADA}\n`, /line 1: column "person" is missing/],
    ['no level, here or as option', `did,person\n${ADA},a\n`, /column "level" is missing; add it, or give --level/],
    ['a column twice', 'did,person,did,level\n', /column "did" is there twice/],
    ['an unknown column', 'did,person,level,email\n', /unknown column "email"/],
    ['semicolons', 'did;person;level\n', /unknown column "did;person;level"/],
    [
      'a quote that is never closed',
      `did,person,level\n${ADA},"a,IAL2\n`,
      /line 2: a quote is opened and never closed/,
    ],
    ['the same, and a large file', `did,person,level\n${ADA},"${'a\n'.repeat(1e5)}`, /line 2: is longer than/],
    ['one endless line', 'x'.repeat(1e6), /line 1: is longer than/],
    ['text after a quote', `did,person,level\n${ADA},"a"b,IAL2\n`, /line 2: a cell with a quote in it/],
    ['a quote inside', `did,person,level\n${ADA},a"b,IAL2\n`, /line 2: a cell with a quote in it/],
    ['line ends of old Macs', `did,person,level\r${ADA},a,IAL2\r`, /unknown column/],
  ])('refuses %s', async (_name, file, message) => {
    const { level: _, ...defaults } = DEFAULTS;
    await expect(read(file, defaults)).rejects.toThrow(message);
  });

  test('whatever its bytes, it is read or refused in words', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({
        unit: fc.constantFrom('did', 'person', ADA, ',', '"', '\n', '\r', '\ufeff', '=', 'é'),
        maxLength: 40,
      }),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (file) => {
        const answer = await read(typeof file === 'string' ? `did,person\n${file}` : file).catch(
          (error: Error) => error,
        );
        if (answer instanceof Error) expect(answer.name).toBe('CliError');
        else for (const { line, message } of answer.faults) expect(message.length > 0 && line > 1).toBe(true);
      }),
    );
  });
});

describe('keys that cannot sign', () => {
  test('are those of the rule: edge cases, and random bytes', () => {
    const keys = edges.map(({ key }) => fromHex(key)).filter((key): key is Bytes => key?.length === 32);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 8 }), (random) => {
        const dids = [...keys, ...random].map((key) => ({ key, did: didFromPublicKey(key) }));
        const unusable = unusableKeys(dids.map(({ did }) => did));
        for (const { key, did } of dids) {
          // A did:key of other bytes may have another form: z6Mk is what Ed25519 keys begin with.
          expect(unusable.has(did)).toBe(!isValidPublicKey(key));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('a results file', () => {
  test('replaces results, and nothing else', async () => {
    const folder = temporaryFolder();
    const [results, other] = [join(folder, 'results.ndjson'), join(folder, 'people.csv')];
    for (const outcome of ['unsent', 'already'] as const) {
      await (await ResultsFile.create(results, [{ line: 2, outcome }])).close();
      expect(readFileSync(results, 'utf8')).toBe(`{"line":2,"outcome":"${outcome}"}\n`);
    }
    writeFileSync(other, 'did,person\n');
    await expect(ResultsFile.create(other, [])).rejects.toThrow('holds no results');
    expect(readFileSync(other, 'utf8')).toBe('did,person\n');
    mkdirSync(join(folder, 'dir'));
    await expect(ResultsFile.create(join(folder, 'dir'), [])).rejects.toThrow();
  });
});

test('a registry that lists a credential again and again is not followed', async () => {
  const [issuer, ada] = (await Promise.all(['issuer', 'ada'].map(signerOf))) as [Signer, Signer];
  const { id, document } = await signed(drafts.credential(ada.did, 'Ada'), issuer);
  const registry = await MemoryRegistry.open();
  let asked = 0;
  registry.intercept = () => {
    const standing = { state: 'active', reason: 'active', because: null, supersededBy: null };
    const again = { id, index: asked++, loggedAt: '2026-06-01T12:00:00.000Z', document, standing };
    return Response.json({ accredited: [], credentials: [again], next: asked });
  };
  const client = new RegistryClient({ url: URL_OF_TESTS, fetch: registry.fetch, retries: 0 });
  await expect(allIssued({ client, did: issuer.did }, {})).rejects.toThrow(`lists ${id} twice`);
  expect(asked).toBe(2);
});
