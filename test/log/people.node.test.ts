import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dataset } from '../../schemas/api.ts';
import type { Decision } from '../../schemas/decision.ts';
import type { Impact } from '../../schemas/impact.ts';
import type { Contributor, IssuersPage } from '../../schemas/people.ts';
import { DEFAULT_POLICY, verifyCertificate } from '../../protocol/verify/verify.ts';
import { nodeShell } from '../faults/node-shell.ts';
import type { Storage } from '../faults/shell.ts';
import type { Cost } from '../support/counting-database.ts';
import { crowdedLog, type CrowdedLog } from '../support/crowd.ts';

// However many people made a record, and however long the log is, what is asked about them is asked at once.
const PEOPLE = 500;
const SIZES = [1200, 150_000];

const storages: Storage[] = [];
const logs: CrowdedLog[] = [];
beforeAll(async () => {
  for (const size of SIZES) {
    const storage = await nodeShell.open();
    storages.push(storage);
    logs.push(await crowdedLog(storage, PEOPLE, size));
  }
}, 120_000);
afterAll(async () => {
  for (const storage of storages) await storage.close();
});

test.each([0, 1])('a record of 500 parts by 500 people is judged in one round of evidence (log %i)', async (which) => {
  const { app, database, whole } = logs[which] as CrowdedLog;
  let dataset = {} as Dataset;
  const cost = await database.costOf(async () => {
    dataset = (await (await app.request(`/v1/datasets/${whole}`)).json()) as Dataset;
  });
  expect(cost.queries, 'the checkpoint, and everything else').toBe(2);
  expect(cost.rows, 'the record, its parts, their credentials, and a handful').toBeLessThan(2 * PEOPLE + 10);
  expect(dataset).toMatchObject({
    standing: { state: 'active' },
    // Two issuers know half of them each, and may know the same half.
    humans: { min: PEOPLE / 2, max: PEOPLE },
    assistance: { worst: 'none', shares: { none: 1 } },
  });
});

test.each([0, 1])(
  'its certificate takes one round, one read of tiles, and the status lists (log %i)',
  async (which) => {
    const { app, database, whole, size, trust, now } = logs[which] as CrowdedLog;
    let certificate = '';
    const cost = await database.costOf(async () => {
      certificate = await (await app.request(`/v1/datasets/${whole}/certificate`)).text();
    });
    // The checkpoint, the closure, the tiles, the stored status lists; and to sign one, and store it.
    expect(cost.queries).toBe(4 + 2 * Math.ceil(size / 131_072));
    const report = await verifyCertificate({ certificate, trust, policy: DEFAULT_POLICY, now });
    expect(report).toMatchObject({ verdict: 'pass', humans: { min: PEOPLE / 2, max: PEOPLE } });
  },
);

test('a decision over it takes one round of evidence, whatever the size', async () => {
  const costs: Cost[] = [];
  for (const { app, database, whole } of logs) {
    const licensee = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
    const body = JSON.stringify({ record: whole, use: 'redistribute', licensee });
    const headers = { 'Content-Type': 'application/json' };
    let decision = {} as Decision;
    const cost = await database.costOf(async () => {
      decision = (await (await app.request('/v1/decisions', { method: 'POST', headers, body })).json()) as Decision;
    });
    expect(decision).toMatchObject({ decision: 'conditional', duties: ['attribute'], unlisted: PEOPLE + 1 - 100 });
    costs.push(cost);
  }
  const [small, large] = costs as [Cost, Cost];
  expect(small.queries, 'the checkpoint, and everything else').toBe(2);
  expect({ queries: large.queries, rows: large.rows }).toEqual({ queries: small.queries, rows: small.rows });
  expect(large.rows).toBeLessThan(2 * PEOPLE + 10);
});

test.each([0, 1])('what would fall is walked to from what falls, however long the log is (log %i)', async (which) => {
  const { app, database, whole, size } = logs[which] as CrowdedLog;
  const read = async <T>(path: string): Promise<T> => (await (await app.request(path)).json()) as T;
  const { document } = await read<Dataset>(`/v1/datasets/${whole}`);
  const [part = ''] = (document['credentialSubject'] as { parts: string[] }).parts;
  const { issuers } = await read<IssuersPage>('/v1/issuers');
  const small = issuers.toSorted((a, b) => a.credentials.issued - b.credentials.issued)[0];
  let page = {} as Impact;
  const pageOf = (of: string) => database.costOf(async () => void (page = await read(`/v1/statements/${of}/impact`)));
  const ofPart = await pageOf(part);
  expect(page.items.map(({ id }) => id)).toEqual([part, whole]);
  expect(page.asOf.size).toBe(size);
  // The checkpoint, the statement, and a window of the log that widens by sixteen.
  expect(ofPart.queries).toBeLessThanOrEqual(2 + Math.ceil(Math.log(size / 6_400) / Math.log(16)) + 1);
  expect(ofPart.rows).toBeLessThan(10);
  const ofIssuer = await pageOf(small?.accreditations[0]?.id ?? '');
  expect(page.items).toHaveLength(100);
  expect(page.items.slice(1).every(({ when, how }) => when === 'reaching-back' && how === 'authority')).toBe(true);
  expect(ofIssuer.rows, 'the page, and what stands behind those on it').toBeLessThan(4 * 100 + 10);
});

test('profiles and issuers are asked for in as many queries, whatever the size', async () => {
  const costs: Cost[][] = [];
  for (const { app, database, whole } of logs) {
    const { document } = (await (await app.request(`/v1/datasets/${whole}`)).json()) as Dataset;
    const [part] = (document['credentialSubject'] as { parts: string[] }).parts;
    const work = (await (await app.request(`/v1/datasets/${part}`)).json()) as Dataset;
    let profile = {} as Contributor;
    let page = {} as IssuersPage;
    costs.push([
      await database.costOf(async () => {
        const response = await app.request(`/v1/contributors/${work.document['issuer'] as string}`);
        profile = (await response.json()) as Contributor;
      }),
      await database.costOf(async () => {
        page = (await (await app.request('/v1/issuers')).json()) as IssuersPage;
      }),
    ]);
    expect(profile).toMatchObject({ records: { total: 1, byStanding: { active: 1 } } });
    expect(page.issuers).toHaveLength(2);
    const issued = page.issuers.reduce((sum, { credentials }) => sum + credentials.issued, 0);
    expect(issued, 'the crowd, the fillers and Alice').toBeGreaterThan(PEOPLE);
  }
  const [small, large] = costs as [Cost[], Cost[]];
  expect(small.map(({ queries }) => queries)).toEqual([3, 2]);
  expect(large.map(({ queries, rows }) => ({ queries, rows }))).toEqual(
    small.map(({ queries, rows }) => ({ queries, rows })),
  );
});

test('no query of these reads a whole table', async () => {
  for (const { database } of logs) expect(await database.scans()).toEqual([]);
});
