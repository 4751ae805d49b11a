import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { ChangesPage } from '../schemas/api.ts';
import { signStatusList } from '../protocol/status-list.ts';
import { timestampOf } from '../protocol/time.ts';
import { signerFrom } from './support/http-registry.ts';
import { fallsOf, once, openWorld, type Published, type World } from './support/watching.ts';

// The real program, following a registry whose answers are not what its log holds.
let world: World;
/** A record whose certificate was saved before it was revoked. */
let revoked: Published;

beforeAll(async () => {
  world = await openWorld();
  revoked = await world.published();
  await world.published();
  await world.ada.do('revoke', revoked.id, '--reason', 'withdrawn');
});
afterAll(() => world[Symbol.asyncDispose]());

const victim = () => ({ ...revoked, at: world.lab(revoked.folder) });

type Alter = (path: string, body: string) => string | null;

/** A registry whose answers are changed on the way; null leaves one as it is. */
async function lying(alter: Alter): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '';
    void fetch(`${world.registry.url}${path}`).then(async (answer) => {
      const type = answer.headers.get('content-type') ?? '';
      const bytes = Buffer.from(await answer.arrayBuffer());
      const changed = type.includes('json') || type.includes('text') ? alter(path, bytes.toString()) : null;
      outgoing.writeHead(answer.status, { 'content-type': type }).end(changed ?? bytes);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

const changing =
  (change: (page: ChangesPage) => void): Alter =>
  (path, body) => {
    if (!path.startsWith('/v1/changes')) return null;
    const page = JSON.parse(body) as ChangesPage;
    change(page);
    return JSON.stringify(page);
  };

const revocation = ({ changes }: ChangesPage) => changes.find(({ kind }) => kind === 'Revocation');

const lies: [what: string, alter: Alter, says: RegExp][] = [
  [
    'replaces an entry',
    changing((page) => page.changes.forEach((change) => (change.id = `sha256:${'0'.repeat(64)}` as never))),
    /does not make the root/,
  ],
  [
    'passes a revocation off as something else',
    changing((page) => page.changes.forEach((change) => (change.kind = 'ReviewRecord'))),
    /does not make the root/,
  ],
  [
    'leaves a revocation out',
    changing((page) => void (page.changes = page.changes.filter(({ kind }) => kind !== 'Revocation'))),
    /gap/,
  ],
  [
    'moves up what follows it',
    changing((page) => {
      page.changes = page.changes.filter(({ kind }) => kind !== 'Revocation');
      page.changes.forEach((change, i) => (change.index = (page.changes[0]?.index ?? 0) + i));
      page.next -= 1;
    }),
    /does not make the root|end before|gap/,
  ],
  [
    'ends before the revocation',
    changing((page) => {
      page.next -= page.changes.length;
      page.changes = [];
    }),
    /changes end before entry/,
  ],
  [
    'says that it revokes another',
    changing((page) =>
      revocation(page)?.targets.forEach((target) => (target.id = `sha256:${'1'.repeat(64)}` as never)),
    ),
    /what its statement does not/,
  ],
  [
    'sends without end',
    (path) => (path.startsWith('/v1/changes') ? ' '.repeat(9_000_000) : null),
    /larger than|more than/,
  ],
  ['sends nonsense', (path) => (path.startsWith('/v1/changes') ? '{"changes":[{}],"next":-1}' : null), /malformed/],
];
test.each(lies)('which %s: 3', async (_, alter, says) => {
  const { at, folder } = victim();
  const ran = await once(at, await lying(alter), folder);
  expect(ran.code, ran.stdout).toBe(3);
  expect(ran.stderr).toMatch(says);
  expect((JSON.parse(ran.stderr.split('\n').at(-2) ?? '') as { error: object }).error).toMatchObject({
    code: 'verification-failed',
  });
});

test('which serves an old certificate, or one without the revocation: it falls all the same', async () => {
  const { at, folder, id } = victim();
  const certificate = readFileSync(join(at, folder, '.firsthand/certificate.json'), 'utf8');
  const url = await lying((path) => (path.endsWith('/certificate') ? certificate : null));
  const ran = await once(at, url, folder);
  expect(ran.code).toBe(3);
  expect(fallsOf(ran)).toMatchObject([{ statement: id, verdict: 'fail', failed: [{ id: 'standing' }] }]);
  expect(ran.stdout).toContain('leaves out');
});

test('whose status list shows a revocation that its log does not have: 3', async () => {
  const { folder, id } = await world.published();
  const service = await signerFrom(join(world.home, 'data/keys/service.json'));
  const { index } = await world.ada.do('log', 'proof', id);
  const { size } = (await (await fetch(`${world.registry.url}/healthz`)).json()) as { size: number };
  const now = Date.now();
  const list = await signStatusList(
    {
      origin: world.registry.origin,
      list: 0,
      size,
      revoked: [Number(index)],
      validFrom: timestampOf(now),
      validUntil: timestampOf(now + 3_600_000),
    },
    service,
  );
  const url = await lying((path) => (path.startsWith('/v1/status/') ? JSON.stringify(list) : null));
  const at = world.lab(folder);
  const ran = await once(at, url, folder);
  expect(ran.code).toBe(3);
  expect(fallsOf(ran)).toMatchObject([{ subject: id, statement: id, because: null, failed: [{ id: 'standing' }] }]);
});

test('whose log went back: 3', async () => {
  const { at, folder } = victim();
  const { checkpoint } = JSON.parse(readFileSync(join(at, folder, '.firsthand/certificate.json'), 'utf8')) as {
    checkpoint: string;
  };
  const before = await once(at, world.registry.url, folder);
  expect(before.code).toBe(3);
  const url = await lying((path) => (path === '/log/checkpoint' ? checkpoint : null));
  const ran = await once(at, url, folder);
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain('went back');
});
