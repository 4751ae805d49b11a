import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ChangesPage } from '../schemas/api.ts';
import { firsthand } from '../client/cli/testing/run-cli.ts';
import { cast, log } from './contract/client.ts';
import { signerFrom } from './support/http-registry.ts';
import { drafts, signed } from './support/statements.ts';
import { fallsOf, linesOf, once, onceAt, openWorld, pause } from './support/watching.ts';

const HOUR = 3_600_000;

// The real program, following a registry that goes away, or whose issuers fall: each test has one of its own, and most of
// them wait.
test.concurrent('survives a restart of the registry, and a stop with it waiting is clean', async () => {
  await using world = await openWorld();
  const { ada, published, home } = world;
  const { folder, id } = await published();
  const { end, begun, told } = world.watching(home, folder);
  await begun;
  await pause(500);
  const stopping = Date.now();
  expect(await world.stop()).toBe(0);
  expect(Date.now() - stopping, 'nobody who waits holds it up').toBeLessThan(4000);
  await told(/note: cannot reach .*trying again/);
  await world.start();
  await ada.do('revoke', id, '--reason', 'withdrawn');
  const ran = await end;
  expect(ran.code, ran.stderr).toBe(3);
  expect(fallsOf(ran)).toMatchObject([{ statement: id, verdict: 'fail' }]);
});

test.concurrent('with --keep-going tells one fall after the other, each once', async () => {
  await using world = await openWorld();
  const { published, home, operator } = world;
  const { url } = world.registry;
  const [first, second] = [await published(), await published()];
  const { changes } = (await (await fetch(`${url}/v1/changes`)).json()) as ChangesPage;
  const credential = changes.find(({ kind }) => kind === 'HumanCredential')?.id as string;
  const { child, end, begun, told } = world.watching(home, first.folder, second.folder, '--keep-going');
  await begun;
  await operator.do('revoke', first.id, '--reason', 'legal');
  await operator.do('revoke', credential, '--reason', 'key-compromise', '--invalid-since', '2026-01-01T00:00:00Z');
  await Promise.race([told('fall', 3), end]);
  child.kill('SIGINT');
  const ran = await end;
  expect(ran.code).toBe(130);
  expect(fallsOf(ran).map(({ subject, statement, verdict }) => [subject, statement, verdict])).toEqual([
    [first.id, first.id, 'fail'],
    [first.id, credential, 'fail'],
    [second.id, credential, 'fail'],
  ]);
});

test.concurrent('each fall of an accreditation is judged by the policy', async () => {
  await using world = await openWorld();
  const { published, home, operator } = world;
  const { url } = world.registry;
  const { folder } = await published();
  const { changes } = (await (await fetch(`${url}/v1/changes`)).json()) as ChangesPage;
  const accreditation = changes.findLast(({ kind }) => kind === 'Accreditation')?.id as string;
  await operator.do('revoke', accreditation, '--reason', 'withdrawn');
  const alone = await once(home, url, folder);
  expect(alone.code).toBe(3);
  expect(fallsOf(alone), 'what it vouched for before still stands').toMatchObject([
    { statement: accreditation, kind: 'Accreditation', verdict: 'pass', failed: [] },
  ]);
  expect((await once(home, url, folder)).code, 'told once').toBe(0);
  await operator.do('revoke', accreditation, '--reason', 'fraud', '--invalid-since', '2026-01-01T00:00:00Z');
  const back = await once(home, url, folder);
  expect(back.code).toBe(3);
  expect(fallsOf(back)).toMatchObject([
    { statement: accreditation, because: { invalidSince: '2026-01-01T00:00:00Z' }, verdict: 'fail' },
  ]);
});

test.concurrent('while the registry is gone, a status too old for the policy is indeterminate, and ends nothing', async () => {
  await using world = await openWorld();
  const { published, home } = world;
  const { url } = world.registry;
  const { folder } = await published();
  writeFileSync(join(home, 'policy.json'), '{"policy":"firsthand/v1","trust":{"statusMaxAge":"3s"}}');
  const { child, end, begun, told } = world.watching(home, folder, '--policy', 'policy.json');
  await begun;
  await world.stop();
  await told('indeterminate');
  expect(await Promise.race([end, pause(500)])).toBeUndefined();
  child.kill('SIGINT');
  const ran = await end;
  expect(ran.code).toBe(130);
  expect(linesOf(ran).slice(1)).toMatchObject([{ event: 'indeterminate', failed: [{ id: 'freshness' }] }]);
  expect((await once(home, url, folder)).code, 'nobody there').toBe(6);
});

test('a record runs out with nothing in the log to say so', async () => {
  await using world = await openWorld();
  const { home } = world;
  const { url } = world.registry;
  const endpoint = {
    fetch: (path: string, init?: RequestInit) => fetch(`${url}${path}`, init),
    operator: await signerFrom(join(home, 'data/keys/operator.json')),
    close: async () => {},
  };
  const people = await cast(endpoint, 'expiry');
  const validUntil = `${new Date(Date.now() + HOUR).toISOString().slice(0, 19)}Z`;
  const draft = { ...drafts.record(people.alice.did, 'short-lived'), validUntil };
  const { id } = await log(endpoint, await signed(draft, people.alice));
  await firsthand(home, ['certificate', id, '-o', 'short.json', '--registry', url]);
  expect((await once(home, url, 'short.json')).code).toBe(0);
  const ran = await onceAt(() => Date.now() + HOUR, home, url, 'short.json');
  expect(ran.code).toBe(3);
  expect(fallsOf(ran)).toMatchObject([{ statement: id, because: null, failed: [{ id: 'standing' }] }]);
});
