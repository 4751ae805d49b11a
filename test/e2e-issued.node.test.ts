import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, startFirsthand, type Persona } from '../client/cli/testing/processes.ts';
import { firsthand } from '../client/cli/testing/run-cli.ts';
import { didOf, expectOnce, listed, Office, outcomes, VERIFIED, type Listed } from './support/office.ts';

// An issuer whose work breaks off, and who looks after what was issued: the real program and a real registry.
const REASON = ['--reason', 'key-compromise'];
let office: Office;

beforeAll(async () => void (office = await Office.open()));
afterAll(() => office.close());

describe('nobody is attested twice', () => {
  const PEOPLE = 1250;
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
    const size = await office.logSize();
    const child = startFirsthand(office.home, [...bulk(file), '--json', '--key', who.name], {
      FIRSTHAND_REGISTRY: office.registry.url,
    });
    const end = ended(child);
    while ((await office.logSize()) < size + 250 && child.exitCode === null)
      await new Promise((done) => setTimeout(done, 5));
    child.kill(signal);
    return end;
  }

  test.each([
    ['is lost on the way there', false],
    ['was heard, and its answer is lost', true],
  ])('though the registry goes away midway: a batch %s', async (_name, isHeard) => {
    const who = await office.issuer();
    const file = await office.people(PEOPLE);
    let batches = 0;
    const url = await office.meddler((incoming, outgoing, pass) => {
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
    expect(office.results(`${file}.ndjson`)).toHaveLength(PEOPLE);

    expect(await who.do(...bulk(file))).toMatchObject({ lines: PEOPLE, unknown: 0, unsent: 0, refused: 0 });
    expect(new Set(office.results(`${file}.ndjson`).map(({ line }) => line)).size).toBe(PEOPLE);
    await expectOnce(who, PEOPLE);
  });

  test('though it is killed midway', async () => {
    const who = await office.issuer();
    const file = await office.people(PEOPLE);
    expect((await endedMidway(who, file, 'SIGKILL')).code).toBe(-1);
    const again = await who.do(...bulk(file));
    expect(again).toMatchObject({ unknown: 0, unsent: 0, refused: 0 });
    expect(Number(again['already'])).toBeGreaterThan(0);
    await expectOnce(who, PEOPLE);
    expect(office.results(`${file}.ndjson`)).toHaveLength(PEOPLE);
  });

  test('though it is interrupted: 130, and the results are whole', async () => {
    const who = await office.issuer();
    const file = await office.people(PEOPLE);
    const ran = await endedMidway(who, file, 'SIGINT');
    expect(ran.code).toBe(130);
    const lines = office.results(`${file}.ndjson`);
    expect(new Set(lines.map(({ line }) => line)).size).toBe(PEOPLE);
    expect(lines).toHaveLength(PEOPLE);
    const { issued = 0, unsent = 0 } = outcomes(lines);
    expect({ sum: issued + unsent, isPartial: issued > 0 && unsent > 0 }).toEqual({ sum: PEOPLE, isPartial: true });
    expect(await who.do(...bulk(file))).toMatchObject({ already: issued, issued: unsent });
    await expectOnce(who, PEOPLE);
  });

  test('though one person is attested again', async () => {
    const who = await office.issuer();
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
    const who = await office.issuer();
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

    const said = await firsthand(office.home, [...gone, '--key', who.name, '--registry', office.registry.url]);
    expect(said).toMatchObject({ code: 0, stdout: expect.stringMatching(/0 revoked, 4 were already/) as string });
  });

  test('is renewed at the level given, within the accreditation', async () => {
    const who = await office.issuer();
    const did = await didOf('levels');
    await who.do('attest-human', did, ...VERIFIED, '--person', 'Ada');
    const renew = ['credentials', 'renew', '--subject', did, '--valid-until', '2036-01-01T00:00:00Z'];
    expect(await who.run(...renew, '--level', 'IAL3')).toMatchObject({ code: 4, stdout: '' });
    expect(await who.do(...renew, '--verified-at', '2026-02-01T00:00:00Z')).toMatchObject({ renewed: [{ did }] });
  });

  test('leaves nothing unsettled behind', () => {
    const folder = join(office.home, '.local/state/firsthand/issued');
    expect(existsSync(folder)).toBe(true);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /outbox.|lock$/.test(file))).toEqual([]);
  });
});
