import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  ended,
  firsthand,
  foundRegistry,
  Persona,
  serveRegistry,
  startFirsthand,
  type ServedRegistry,
} from '../client/cli/testing/processes.ts';
import { signerOf } from './support/statements.ts';

// An issuer at work on many people: the real program, a real registry, and what comes between them.
let home: string;
let registry: ServedRegistry;
let operator: Persona;
let issuer: Persona;
let count = 0;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'firsthand-issuing-'));
  registry = await serveRegistry(home, 'data');
  ({ operator, issuer } = await foundRegistry(home, registry));
});

afterAll(async () => {
  await registry?.stop();
  rmSync(home, { recursive: true, force: true });
});

const VERIFIED = ['--framework', 'nist-800-63-4', '--level', 'IAL2', '--method', 'in-person'];
const REASON = ['--reason', 'key-compromise'];

/** Another accredited issuer, with a record of its own. */
async function newIssuer(): Promise<Persona> {
  const who = await new Persona(home, `issuer-${++count}`, registry.url).withNewKey();
  const role = ['--role', 'identity-issuer', '--name', who.name];
  await operator.do('accredit', who.did, ...role, '--framework', 'nist-800-63-4=IAL2');
  return who;
}

const didOf = async (name: string): Promise<string> => (await signerOf(`issuing: ${name}`)).did;

/** A file of people whose keys are their own. */
async function peopleFile(people: number, name = `people-${++count}`): Promise<string> {
  const dids = await Promise.all(Array.from({ length: people }, (_, i) => didOf(`${name} ${i}`)));
  writeFileSync(
    join(home, `${name}.csv`),
    `did,person\n${dids.map((did, i) => `${did},passport ${name}-${i}\n`).join('')}`,
  );
  return `${name}.csv`;
}

interface Line {
  line: number;
  outcome: string;
  did?: string;
  id?: string;
  code?: string;
}

const resultsIn = (file: string): Line[] =>
  readFileSync(join(home, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

const outcomes = (lines: readonly Line[]): Record<string, number> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(lines, ({ outcome }) => outcome)).map(([outcome, of]) => [outcome, of?.length ?? 0]),
  );

interface Listed {
  id: string;
  did: string;
  nullifier: string;
  state: string | null;
  validUntil: string | null;
  verification: Record<string, string>;
}

const listed = async (by: Persona, ...options: string[]): Promise<Listed[]> =>
  (await by.do('credentials', 'list', ...options))['credentials'] as Listed[];

/** Everybody of the file has one credential, and one only. */
async function expectOnce(by: Persona, people: number): Promise<void> {
  const credentials = await listed(by);
  expect(credentials).toHaveLength(people);
  expect(new Set(credentials.map(({ did }) => did)).size).toBe(people);
  const local = await listed(by, '--local');
  expect(new Set(local.map(({ id }) => id))).toEqual(new Set(credentials.map(({ id }) => id)));
}

const logSize = async (): Promise<number> =>
  ((await (await fetch(`${registry.url}/healthz`)).json()) as { size: number }).size;

/** The registry behind something that meddles: `meddle` answers whether it dealt with the exchange. */
async function meddler(
  meddle: (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    pass: (edit: (body: string) => string) => void,
  ) => boolean,
): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const pass = (edit: (body: string) => string): void => {
      const { host: _, 'accept-encoding': __, ...headers } = incoming.headers;
      const onward = forward(`${registry.url}${incoming.url}`, { method: incoming.method, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          if (outgoing.destroyed) return;
          const { 'content-length': ___, 'transfer-encoding': ____, ...rest } = answer.headers;
          outgoing.writeHead(answer.statusCode ?? 500, rest);
          outgoing.end(edit(Buffer.concat(chunks).toString()));
        });
      });
      incoming.pipe(onward);
    };
    if (!meddle(incoming, outgoing, pass)) pass((body) => body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a file of people', () => {
  test('is checked without a trace, attested, and recognised when it comes again', async () => {
    const who = await newIssuer();
    const file = await peopleFile(3);
    const before = await logSize();
    const dry = await who.do('attest-human', '--csv', file, ...VERIFIED, '--dry-run', '--results', 'dry.ndjson');
    expect(dry).toMatchObject({ dryRun: true, lines: 3, valid: 3, already: 0 });
    expect(outcomes(resultsIn('dry.ndjson'))).toEqual({ valid: 3 });
    expect(await logSize()).toBe(before);

    const first = await who.do('attest-human', '--csv', file, ...VERIFIED, '--results', 'r.ndjson');
    expect(first).toMatchObject({ lines: 3, issued: 3, already: 0, refused: 0, unknown: 0, unsent: 0 });
    const lines = resultsIn('r.ndjson');
    expect(lines.map(({ line, outcome }) => [line, outcome])).toEqual([2, 3, 4].map((line) => [line, 'issued']));
    expect(await who.do('get', String(lines[0]?.id))).toMatchObject({ credentialSubject: { id: lines[0]?.did } });

    const again = await who.do('attest-human', '--csv', file, ...VERIFIED, '--results', 'r.ndjson');
    expect(again).toMatchObject({ issued: 0, already: 3 });
    expect(resultsIn('r.ndjson').map(({ id }) => id)).toEqual(lines.map(({ id }) => id));
    await expectOnce(who, 3);

    // Without its memory, the registry's word is enough; and what says more is issued.
    rmSync(join(home, '.local/state/firsthand/issued'), { recursive: true });
    const longer = ['--valid-until', '2030-01-01T00:00:00Z'];
    expect(await who.do('attest-human', '--csv', file, ...VERIFIED, ...longer)).toMatchObject({ already: 3 });
    const other = ['--framework', 'nist-800-63-4', '--level', 'IAL2', '--method', 'remote-document'];
    expect(await who.do('attest-human', '--csv', file, ...other)).toMatchObject({ issued: 3 });
  });

  test('on stdin; nothing of the persons is anywhere', async () => {
    const who = await newIssuer();
    const file = await peopleFile(2, 'secretive');
    const ran = await firsthand(home, ['attest-human', '--csv', '-', ...VERIFIED, '--key', who.name], {
      env: { FIRSTHAND_REGISTRY: registry.url },
      stdin: readFileSync(join(home, file), 'utf8'),
    });
    expect(ran).toMatchObject({ code: 0, stdout: 'stdin, 2 people: 2 issued\n' });
    rmSync(join(home, file));
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    expect(files.length).toBeGreaterThan(5);
    const leaks = files.filter((each) => readFileSync(join(each.parentPath, each.name)).includes('passport secretive'));
    expect(leaks.map(({ name }) => name)).toEqual([]);
  });

  test('with a level above the accreditation submits nothing, and names the line', async () => {
    const [good, bad] = [await didOf('level good'), await didOf('level bad')];
    writeFileSync(join(home, 'level.csv'), `did,person,level\n${good},a,IAL2\n${bad},b,IAL3\n`);
    const before = await logSize();
    for (const dry of [['--dry-run'], []]) {
      const options = ['--framework', 'nist-800-63-4', '--method', 'in-person', '--results', 'level.ndjson', ...dry];
      const ran = await issuer.run('attest-human', '--csv', 'level.csv', ...options);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 1, stdout: '' });
      expect(JSON.parse(ran.stderr)).toMatchObject({
        error: {
          code: 'invalid-file',
          errors: [{ path: 'line 3, level', message: expect.stringMatching(/only up to IAL2/) as string }],
        },
      });
      expect(resultsIn('level.ndjson').map(({ line, outcome }) => [line, outcome])).toEqual([
        [3, 'invalid'],
        [2, 'unsent'],
      ]);
    }
    expect(await logSize()).toBe(before);
  });

  test('by somebody who is no issuer submits nothing', async () => {
    const eve = await new Persona(home, 'eve', registry.url).withNewKey();
    const ran = await eve.run('attest-human', '--csv', await peopleFile(1), ...VERIFIED);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('not accredited here');
  });

  test('that gives a key to another person than before is refused', async () => {
    const who = await newIssuer();
    const did = await didOf('shared key');
    writeFileSync(join(home, 'mine.csv'), `did,person\n${did},Ada\n`);
    writeFileSync(join(home, 'yours.csv'), `did,person\n${did},Bob\n`);
    await who.do('attest-human', '--csv', 'mine.csv', ...VERIFIED);
    const ran = await who.run('attest-human', '--csv', 'yours.csv', ...VERIFIED);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/line 2, did.*another person/);
    expect((await who.run('attest-human', did, ...VERIFIED, '--person', 'Bob')).code).toBe(7);
    await who.do('credentials', 'revoke', '--person', 'Ada', '--reason', 'superseded');
    expect(await who.do('attest-human', '--csv', 'yours.csv', ...VERIFIED)).toMatchObject({ issued: 1 });
  });

  test('of which the registry refuses some ends with 1, and says which', async () => {
    const who = await newIssuer();
    const [good, bad] = [await didOf('half good'), await didOf('half bad')];
    writeFileSync(join(home, 'half.csv'), `did,person,level\n${bad},b,IAL3\n${good},a,IAL2\n`);
    // It promises more than the registry behind it keeps.
    const url = await meddler((incoming, _, pass) => {
      const isListing = incoming.url?.includes('/credentials') === true;
      if (isListing) pass((body) => body.replace('"maxLevel":"IAL2"', '"maxLevel":"IAL3"'));
      return isListing;
    });
    const options = ['--framework', 'nist-800-63-4', '--method', 'in-person', '--results', 'half.ndjson'];
    const ran = await who.run('attest-human', '--csv', 'half.csv', ...options, '--registry', url);
    expect(ran.code).toBe(1);
    expect(who.read(ran)).toMatchObject({ issued: 1, refused: 1 });
    expect(ran.stderr).toContain('line 2: not-accredited');
    expect(resultsIn('half.ndjson')).toMatchObject([
      { line: 2, outcome: 'refused', code: 'not-accredited' },
      { line: 3, outcome: 'issued' },
    ]);
  });

  test('of 100,000 lines, nearly all at fault, is read in bounded memory', async () => {
    const dids = await Promise.all(Array.from({ length: 1000 }, (_, i) => didOf(`many ${i}`)));
    const lines = Array.from({ length: 100_000 }, (_, i) => `${dids[i % 1000]},"person ${i}"\r\n`);
    writeFileSync(join(home, 'many.csv'), `did,person\r\n${lines.join('')}`);
    const args = ['attest-human', '--csv', 'many.csv', ...VERIFIED, '--key', issuer.name, '--results', 'many.ndjson'];
    const ran = await firsthand(home, [...args, '--json'], {
      env: { FIRSTHAND_REGISTRY: registry.url, NODE_OPTIONS: '--max-old-space-size=96' },
    });
    expect(ran.code).toBe(1);
    const { error } = JSON.parse(ran.stderr) as { error: { message: string; errors: unknown[] } };
    expect(error.message).toContain('many.csv has 99000 faults; nothing was submitted');
    expect(error.errors).toHaveLength(50);
    expect(outcomes(resultsIn('many.ndjson'))).toEqual({ invalid: 99_000, unsent: 1000 });
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

describe('nobody is attested twice', () => {
  const PEOPLE = 1500;
  const bulk = (file: string, ...more: string[]): string[] => [
    'attest-human',
    '--csv',
    file,
    ...VERIFIED,
    '--results',
    `${file}.ndjson`,
    ...more,
  ];

  /** Ends a run with a signal once the registry has taken some of the file. */
  async function endedMidway(who: Persona, file: string, signal: NodeJS.Signals) {
    const size = await logSize();
    const child = startFirsthand(home, [...bulk(file), '--json', '--key', who.name], {
      FIRSTHAND_REGISTRY: registry.url,
    });
    const end = ended(child);
    while ((await logSize()) < size + 250 && child.exitCode === null) await new Promise((done) => setTimeout(done, 5));
    child.kill(signal);
    return end;
  }

  test.each([
    ['is lost on the way there', false],
    ['was heard, and its answer is lost', true],
  ])('though the registry goes away midway: a batch %s', async (_name, isHeard) => {
    const who = await newIssuer();
    const file = await peopleFile(PEOPLE);
    let batches = 0;
    const url = await meddler((incoming, outgoing, pass) => {
      if (incoming.method !== 'POST' || ++batches < 3) return false;
      if (isHeard) pass(() => '');
      if (isHeard) outgoing.destroy();
      else incoming.socket.destroy();
      return true;
    });
    const ran = await who.run(...bulk(file), '--registry', url);
    expect(ran.code).toBe(6);
    const { issued, unknown, unsent } = who.read(ran) as Record<string, number>;
    expect([issued, (unknown ?? 0) > 0, (issued ?? 0) + (unknown ?? 0) + (unsent ?? 0)]).toEqual([500, true, PEOPLE]);
    expect(resultsIn(`${file}.ndjson`)).toHaveLength(PEOPLE);

    expect(await who.do(...bulk(file))).toMatchObject({ lines: PEOPLE, unknown: 0, unsent: 0, refused: 0 });
    expect(new Set(resultsIn(`${file}.ndjson`).map(({ line }) => line)).size).toBe(PEOPLE);
    await expectOnce(who, PEOPLE);
  });

  test('though it is killed midway', async () => {
    const who = await newIssuer();
    const file = await peopleFile(PEOPLE);
    expect((await endedMidway(who, file, 'SIGKILL')).code).toBe(-1);
    const again = await who.do(...bulk(file));
    expect(again).toMatchObject({ unknown: 0, unsent: 0, refused: 0 });
    expect(Number(again['already'])).toBeGreaterThan(0);
    await expectOnce(who, PEOPLE);
    expect(resultsIn(`${file}.ndjson`)).toHaveLength(PEOPLE);
  });

  test('though it is interrupted: 130, and the results are whole', async () => {
    const who = await newIssuer();
    const file = await peopleFile(PEOPLE);
    const ran = await endedMidway(who, file, 'SIGINT');
    expect(ran.code).toBe(130);
    const lines = resultsIn(`${file}.ndjson`);
    expect(new Set(lines.map(({ line }) => line)).size).toBe(PEOPLE);
    expect(lines).toHaveLength(PEOPLE);
    const { issued = 0, unsent = 0 } = outcomes(lines);
    expect({ sum: issued + unsent, isPartial: issued > 0 && unsent > 0 }).toEqual({ sum: PEOPLE, isPartial: true });
    expect(await who.do(...bulk(file))).toMatchObject({ already: issued, issued: unsent });
    await expectOnce(who, PEOPLE);
  });

  test('though one person is attested again', async () => {
    const who = await newIssuer();
    const args = ['attest-human', await didOf('again'), ...VERIFIED, '--person', 'Ada'];
    const first = await who.do(...args);
    expect(first).toMatchObject({ isNew: true, receipt: expect.stringContaining('tlog-proof') as string });
    expect(await who.do(...args)).toEqual({ ...first, isNew: false });
    const anew = await who.do(...args, '--verified-at', '2026-01-01T00:00:00Z');
    expect(anew).toMatchObject({ isNew: true });
    expect(await listed(who)).toHaveLength(2);
  });
});

describe('what was issued', () => {
  test('is renewed key by key, listed, and revoked as one', async () => {
    const who = await newIssuer();
    const [one, two, other] = [await didOf('one'), await didOf('two'), await didOf('other')];
    const attest = (did: string, person: string, until: string): Promise<unknown> =>
      who.do(
        'attest-human',
        did,
        ...VERIFIED,
        '--person',
        person,
        '--verified-at',
        '2026-01-02T03:04:05Z',
        '--valid-until',
        until,
      );
    const [soon, later] = ['2035-01-01T00:00:00Z', '2036-01-01T00:00:00Z'];
    await attest(one, 'Ada', soon);
    await attest(two, 'Ada', soon);
    await attest(other, 'Bob', soon);
    const mine = await listed(who, '--person', ' Ada ');
    expect(mine.map(({ did }) => did)).toEqual([one, two]);
    const nullifier = String(mine[0]?.nullifier);
    expect(new Set(mine.map((each) => each.nullifier)).size).toBe(1);
    expect(await listed(who, '--nullifier', nullifier)).toEqual(mine);
    expect((await listed(who, '--subject', other)).map(({ did }) => did)).toEqual([other]);

    const renew = ['credentials', 'renew', '--person', 'Ada', '--valid-until', later];
    expect(await who.do(...renew, '--dry-run')).toMatchObject({ renew: [one, two] });
    const renewed = (await who.do(...renew))['renewed'] as Listed[];
    expect(renewed.map(({ did, validUntil }) => [did, validUntil])).toEqual([one, two].map((did) => [did, later]));
    expect(await who.do(...renew)).toMatchObject({ renewed: [], already: [{ did: one }, { did: two }] });
    const all = await listed(who, '--person', 'Ada');
    expect(all).toHaveLength(4);
    expect(new Set(all.map((each) => JSON.stringify([each.nullifier, each.verification]))).size).toBe(1);
    expect((await listed(who, '--local', '--person', 'Ada')).map(({ id }) => id)).toEqual(all.map(({ id }) => id));

    // The key that was lost first; then the person as a whole.
    const since = ['--invalid-since', '2026-06-01T00:00:00Z'];
    const lost = ['credentials', 'revoke', '--nullifier', nullifier, '--subject', one, ...REASON, ...since];
    expect(await who.do(...lost)).toMatchObject({ revoked: [{ did: one }, { did: one }], already: [], refused: [] });
    expect(await who.do(...lost)).toMatchObject({ revoked: [], already: [{ did: one }, { did: one }], refused: [] });
    const gone = ['credentials', 'revoke', '--person', 'Ada', '--reason', 'withdrawn'];
    expect(await who.do(...gone, '--dry-run')).toMatchObject({ revoke: [{ did: two }, { did: two }] });
    expect(await who.do(...gone)).toMatchObject({ revoked: [{ did: two }, { did: two }], already: [{}, {}] });
    expect(await listed(who, '--state', 'active')).toMatchObject([{ did: other }]);
    expect((await who.run(...renew)).code).toBe(7);

    const said = await firsthand(home, [...gone, '--key', who.name, '--registry', registry.url]);
    expect(said).toMatchObject({ code: 0, stdout: expect.stringMatching(/0 revoked, 4 were already/) as string });
  });

  test('is renewed at the level given, within the accreditation', async () => {
    const who = await newIssuer();
    const did = await didOf('levels');
    await who.do('attest-human', did, ...VERIFIED, '--person', 'Ada');
    const renew = ['credentials', 'renew', '--subject', did, '--valid-until', '2036-01-01T00:00:00Z'];
    expect(await who.run(...renew, '--level', 'IAL3')).toMatchObject({ code: 4, stdout: '' });
    expect(await who.do(...renew, '--verified-at', '2026-02-01T00:00:00Z')).toMatchObject({ renewed: [{ did }] });
  });

  test('leaves nothing unsettled behind', () => {
    const folder = join(home, '.local/state/firsthand/issued');
    expect(existsSync(folder)).toBe(true);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /outbox.|lock$/.test(file))).toEqual([]);
  });
});
