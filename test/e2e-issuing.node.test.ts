import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firsthandProcess, Persona } from '../client/cli/testing/processes.ts';
import { didOf, expectOnce, Office, outcomes, VERIFIED } from './support/office.ts';

// An issuer at work on many people: the real program, a real registry, and what comes between them.
const REASON = ['--reason', 'key-compromise'];
let office: Office;
let issuer: Persona;

beforeAll(async () => {
  office = await Office.open();
  issuer = await office.issuer();
});
afterAll(() => office.close());

describe('a file of people', () => {
  test('is checked without a trace, attested, and recognised when it comes again', async () => {
    const who = await office.issuer();
    const file = await office.people(3);
    const before = await office.logSize();
    const dry = await who.do('attest-human', '--csv', file, ...VERIFIED, '--dry-run', '--results', 'dry.ndjson');
    expect(dry).toMatchObject({ dryRun: true, lines: 3, valid: 3, already: 0 });
    expect(outcomes(office.results('dry.ndjson'))).toEqual({ valid: 3 });
    expect(await office.logSize()).toBe(before);

    const first = await who.do('attest-human', '--csv', file, ...VERIFIED, '--results', 'r.ndjson');
    expect(first).toMatchObject({ lines: 3, issued: 3, already: 0, refused: 0, unknown: 0, unsent: 0 });
    const lines = office.results('r.ndjson');
    expect(lines.map(({ line, outcome }) => [line, outcome])).toEqual([2, 3, 4].map((line) => [line, 'issued']));
    expect(await who.do('get', String(lines[0]?.id))).toMatchObject({ credentialSubject: { id: lines[0]?.did } });

    const again = await who.do('attest-human', '--csv', file, ...VERIFIED, '--results', 'r.ndjson');
    expect(again).toMatchObject({ issued: 0, already: 3 });
    expect(office.results('r.ndjson').map(({ id }) => id)).toEqual(lines.map(({ id }) => id));
    await expectOnce(who, 3);

    // Without its memory, the registry's word is enough; and what says more is issued.
    rmSync(join(office.home, '.local/state/firsthand/issued'), { recursive: true });
    const longer = ['--valid-until', '2030-01-01T00:00:00Z'];
    expect(await who.do('attest-human', '--csv', file, ...VERIFIED, ...longer)).toMatchObject({ already: 3 });
    const other = ['--framework', 'nist-800-63-4', '--level', 'IAL2', '--method', 'remote-document'];
    expect(await who.do('attest-human', '--csv', file, ...other)).toMatchObject({ issued: 3 });
  });

  test('on stdin; nothing of the persons is anywhere', async () => {
    const who = await office.issuer();
    const file = await office.people(2, 'secretive');
    const ran = await firsthandProcess(office.home, ['attest-human', '--csv', '-', ...VERIFIED, '--key', who.name], {
      env: { FIRSTHAND_REGISTRY: office.registry.url },
      stdin: readFileSync(join(office.home, file), 'utf8'),
    });
    expect(ran).toMatchObject({ code: 0, stdout: 'stdin, 2 people: 2 issued\n' });
    rmSync(join(office.home, file));
    const files = readdirSync(office.home, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    expect(files.length).toBeGreaterThan(5);
    const leaks = files.filter((each) => readFileSync(join(each.parentPath, each.name)).includes('passport secretive'));
    expect(leaks.map(({ name }) => name)).toEqual([]);
  });

  test('with a level above the accreditation submits nothing, and names the line', async () => {
    const [good, bad] = [await didOf('level good'), await didOf('level bad')];
    writeFileSync(join(office.home, 'level.csv'), `did,person,level\n${good},a,IAL2\n${bad},b,IAL3\n`);
    const before = await office.logSize();
    for (const dry of [['--dry-run'], []]) {
      const options = ['--framework', 'nist-800-63-4', '--method', 'in-person', '--results', 'level.ndjson', ...dry];
      const ran = await issuer.run('attest-human', '--csv', 'level.csv', ...options);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 1, stdout: '' });
      expect(JSON.parse(ran.stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
        error: {
          code: 'invalid-file',
          errors: [{ path: 'line 3, level', message: expect.stringMatching(/only up to IAL2/) as string }],
        },
      });
      expect(office.results('level.ndjson').map(({ line, outcome }) => [line, outcome])).toEqual([
        [3, 'invalid'],
        [2, 'unsent'],
      ]);
    }
    expect(await office.logSize()).toBe(before);
  });

  test('by somebody who is no issuer submits nothing', async () => {
    const eve = await new Persona(office.home, 'eve', office.registry.url).withNewKey();
    const ran = await eve.run('attest-human', '--csv', await office.people(1), ...VERIFIED);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('not accredited here');
  });

  test('that gives a key to another person than before is refused', async () => {
    const who = await office.issuer();
    const did = await didOf('shared key');
    writeFileSync(join(office.home, 'mine.csv'), `did,person\n${did},Ada\n`);
    writeFileSync(join(office.home, 'yours.csv'), `did,person\n${did},Bob\n`);
    await who.do('attest-human', '--csv', 'mine.csv', ...VERIFIED);
    const ran = await who.run('attest-human', '--csv', 'yours.csv', ...VERIFIED);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/line 2, did.*another person/);
    expect((await who.run('attest-human', did, ...VERIFIED, '--person', 'Bob')).code).toBe(7);
    await who.do('credentials', 'revoke', '--person', 'Ada', '--reason', 'superseded');
    expect(await who.do('attest-human', '--csv', 'yours.csv', ...VERIFIED)).toMatchObject({ issued: 1 });
  });

  test('of which the registry refuses some ends with 1, and says which', async () => {
    const who = await office.issuer();
    const [good, bad] = [await didOf('half good'), await didOf('half bad')];
    writeFileSync(join(office.home, 'half.csv'), `did,person,level\n${bad},b,IAL3\n${good},a,IAL2\n`);
    // It promises more than the registry behind it keeps.
    const url = await office.meddler((incoming, _, pass) => {
      const isListing = incoming.url?.includes('/credentials') === true;
      if (isListing) pass((body) => body.replace('"maxLevel":"IAL2"', '"maxLevel":"IAL3"'));
      return isListing;
    });
    const options = ['--framework', 'nist-800-63-4', '--method', 'in-person', '--results', 'half.ndjson'];
    const ran = await who.run('attest-human', '--csv', 'half.csv', ...options, '--registry', url);
    expect(ran.code).toBe(1);
    expect(who.read(ran)).toMatchObject({ issued: 1, refused: 1 });
    expect(ran.stderr).toContain('line 2: not-accredited');
    expect(office.results('half.ndjson')).toMatchObject([
      { line: 2, outcome: 'refused', code: 'not-accredited' },
      { line: 3, outcome: 'issued' },
    ]);
  });

  test('of 100,000 lines, nearly all at fault, is read in bounded memory', async () => {
    const dids = await Promise.all(Array.from({ length: 1000 }, (_, i) => didOf(`many ${i}`)));
    const lines = Array.from({ length: 100_000 }, (_, i) => `${dids[i % 1000]},"person ${i}"\r\n`);
    writeFileSync(join(office.home, 'many.csv'), `did,person\r\n${lines.join('')}`);
    const args = ['attest-human', '--csv', 'many.csv', ...VERIFIED, '--key', issuer.name, '--results', 'many.ndjson'];
    const ran = await firsthandProcess(office.home, [...args, '--json'], {
      env: { FIRSTHAND_REGISTRY: office.registry.url, NODE_OPTIONS: '--max-old-space-size=96' },
    });
    expect(ran.code).toBe(1);
    const { error } = JSON.parse(ran.stderr.trimEnd().split('\n').at(-1) ?? '') as {
      error: { message: string; errors: unknown[] };
    };
    expect(error.message).toContain('many.csv has 99000 faults; nothing was submitted');
    expect(error.errors).toHaveLength(50);
    expect(outcomes(office.results('many.ndjson'))).toEqual({ invalid: 99_000, unsent: 1000 });
  });

  test.each([
    [['attest-human', '--csv', 'no-such.csv', ...VERIFIED], 5, /no such file/],
    [['attest-human', '--csv', '.', ...VERIFIED], 1, /EISDIR|directory/],
    [['attest-human', 'did:key:x', '--csv', 'a.csv'], 2, /leave DID/],
    [['attest-human', '--csv', 'a.csv', '--person', 'Ada'], 2, /leave DID/],
    [['attest-human', '--csv', 'a.csv', '--level', 'IAL9'], 2, /--level/],
    [['attest-human', ...VERIFIED, '--person', 'Ada'], 2, /whom/],
    [['attest-human', 'did:key:x', ...VERIFIED], 2, /--person/],
    [['attest-human', 'did:key:x', ...VERIFIED, '--person', 'Ada', '--dry-run'], 2, /--dry-run/],
    [['credentials', 'revoke', ...REASON], 2, /whose/],
    [['credentials', 'revoke', '--reason', 'boredom', '--person', 'Ada'], 2, /--reason/],
    [['credentials', 'renew', '--person', 'Ada', '--valid-until', '2020-01-01T00:00:00Z'], 2, /has passed/],
    [['credentials', 'revoke', ...REASON, '--person', 'Ada', '--nullifier', 'x'], 2, /give one/],
    [['credentials', 'revoke', ...REASON, '--person', 'nobody'], 5, /no such credential/],
  ])('%j is refused', async (args, code, words) => {
    const ran = await issuer.run(...args);
    expect(ran.stderr).toMatch(words);
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: '' });
  });
});
