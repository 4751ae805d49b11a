import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ChangesPage } from '../schemas/api.ts';
import type { WatchEvent } from '../client/cli/watch/events.ts';
import {
  describeDataset,
  ended,
  firsthand,
  foundRegistry,
  serveRegistry,
  startFirsthand,
  type Persona,
  type ServedRegistry,
} from '../client/cli/testing/processes.ts';
import type { Ran } from '../client/cli/testing/run-cli.ts';
import { cast, log } from './contract/client.ts';
import { signerFrom } from './support/http-registry.ts';
import { drafts, signed } from './support/statements.ts';

// The real program, following real registries: some that behave, and some that do not.
let home: string;
let registry: ServedRegistry;

let ada: Persona;
let count = 0;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'firsthand-watch-'));
  registry = await serveRegistry(home, 'data');
  ({ ada } = await foundRegistry(home, registry));
});

afterAll(async () => {
  await registry?.stop();
  rmSync(home, { recursive: true, force: true });
});

/** A published dataset, in a folder of its own. */
async function published(who = ada, ...init: string[]): Promise<{ folder: string; id: string }> {
  const folder = `set-${++count}`;
  mkdirSync(join(who.home, folder));
  writeFileSync(join(who.home, folder, 'rows.jsonl'), `{"set":"${folder}"}\n`);
  await describeDataset(who, folder, folder, ...init);
  return { folder, id: String((await who.do('publish', folder))['id']) };
}

const linesOf = (ran: Ran): WatchEvent[] =>
  ran.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as WatchEvent);

type Fall = Extract<WatchEvent, { event: 'fall' }>;
const fallsOf = (ran: Ran): Fall[] => linesOf(ran).filter((line): line is Fall => line.event === 'fall');

/** A lab has a home of its own, so that each test begins without what another has followed. */
function lab(name = `lab-${++count}`): string {
  mkdirSync(join(home, name));
  return join(home, name);
}

const once = (at: string, url: string, ...args: string[]): Promise<Ran> =>
  firsthand(at, ['watch', '--once', '--json', '--registry', url, ...args]);

/** A watch that runs until it ends by itself, or is stopped. */
function watching(at: string, url: string, ...args: string[]) {
  const child = startFirsthand(at, ['watch', '--json', '--registry', url, ...args]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const end = ended(child);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const begun = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      if ((JSON.parse(line) as WatchEvent).event === 'watching') resolve();
    });
  });
  return { child, end, begun: Promise.race([begun, end]) };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('on a registry that behaves', () => {
  test('a revocation is told within 5 s, and nothing of those that are unrelated', async () => {
    const [first, second, other] = [await published(), await published(), await published()];
    const at = lab();
    for (const { folder } of [first, second]) cpSync(join(home, folder), join(at, folder), { recursive: true });
    const { end, begun } = watching(at, registry.url, '.');
    await begun;
    await ada.do('revoke', other.id, '--reason', 'withdrawn');
    expect(await Promise.race([end, pause(1500)]), 'an unrelated revocation ends nothing').toBeUndefined();
    const { index } = await ada.do('revoke', second.id, '--reason', 'legal');
    const told = Date.now();
    const ran = await end;
    expect(Date.now() - told).toBeLessThan(5000);
    expect(ran.code).toBe(3);
    expect(fallsOf(ran)).toEqual([
      expect.objectContaining({
        certificate: `${second.folder}/.firsthand/certificate.json`,
        subject: second.id,
        statement: second.id,
        kind: 'DatasetRecord',
        because: expect.objectContaining({ reason: 'legal', index, invalidSince: null, isErased: false }) as object,
        verdict: 'fail',
        failed: [expect.objectContaining({ id: 'standing' })],
      }),
    ]);
  });

  test('what happened while nobody watched is caught up on, told once, and found again where it still fails', async () => {
    const [kept, lost] = [await published(), await published()];
    const at = lab();
    cpSync(join(home, kept.folder), join(at, kept.folder), { recursive: true });
    const certificate = join(home, lost.folder, '.firsthand/certificate.json');
    const saved = readFileSync(certificate, 'utf8');
    await published();
    const clean = await once(at, registry.url);
    expect(clean.code, clean.stderr).toBe(0);
    const size = Number(
      /\\n(\d+)\\n/.exec(readFileSync(join(at, kept.folder, '.firsthand/certificate.json'), 'utf8'))?.[1],
    );
    expect(linesOf(clean)[0]).toMatchObject({ event: 'watching', from: size, certificates: 1 });
    expect(linesOf(clean).at(-1)).toMatchObject({ event: 'done', falls: 0 });
    const again = linesOf(await once(at, registry.url));
    expect(again[0], 'takes up where it ended').toMatchObject({
      from: (linesOf(clean).at(-1) as { size: number }).size,
    });

    await ada.do('revoke', lost.id, '--reason', 'fraud');
    await published();
    writeFileSync(join(at, 'late.json'), saved);
    const late = await once(at, registry.url, 'late.json', kept.folder);
    expect(late.code).toBe(3);
    expect(fallsOf(late)).toMatchObject([{ certificate: 'late.json', because: { reason: 'fraud' }, verdict: 'fail' }]);
    const later = await once(at, registry.url, 'late.json');
    expect(later.code, 'it has not got up again').toBe(3);
    expect(fallsOf(later)).toMatchObject([{ statement: lost.id, verdict: 'fail' }]);
    expect((await once(at, registry.url, kept.folder)).code).toBe(0);
  });

  test('an erased record, an erased part, and a withdrawn part', async () => {
    const [own, part, withdrawn] = [await published(), await published(), await published()];
    for (const [name, id] of [
      ['erased', part.id],
      ['revoked', withdrawn.id],
    ] as const) {
      await describeDataset(ada, `of-${name}`, `Of ${name}`, '--part', id);
      await ada.do('publish', `of-${name}`);
    }
    const at = lab();
    for (const folder of [own.folder, 'of-erased', 'of-revoked']) {
      cpSync(join(home, folder), join(at, folder), { recursive: true });
    }
    await ada.do('revoke', own.id, '--reason', 'withdrawn', '--erase');
    await ada.do('revoke', part.id, '--reason', 'legal', '--erase');
    await ada.do('revoke', withdrawn.id, '--reason', 'withdrawn');
    const ran = await once(at, registry.url);
    expect(ran.code, ran.stderr).toBe(3);
    expect(
      fallsOf(ran).map(({ certificate, statement, because, verdict }) => [
        certificate,
        statement,
        because?.isErased,
        verdict,
      ]),
    ).toEqual(
      expect.arrayContaining([
        [`${own.folder}/.firsthand/certificate.json`, own.id, true, 'fail'],
        ['of-erased/.firsthand/certificate.json', part.id, true, 'fail'],
        ['of-revoked/.firsthand/certificate.json', withdrawn.id, false, 'fail'],
      ]),
    );
    expect(fallsOf(ran)).toHaveLength(3);
  });

  test('a new version is told, and is no fall; Ctrl-C ends with 130', async () => {
    const old = await published();
    const at = lab();
    cpSync(join(home, old.folder), join(at, old.folder), { recursive: true });
    const yaml = join(home, old.folder, 'firsthand.yaml');
    writeFileSync(yaml, `${readFileSync(yaml, 'utf8')}replaces: ${old.id}\n`);
    const { child, end, begun } = watching(at, registry.url, old.folder);
    await begun;
    const { id } = await ada.do('publish', old.folder);
    expect(await Promise.race([end, pause(2500)])).toBeUndefined();
    child.kill('SIGINT');
    const ran = await end;
    expect(ran.code).toBe(130);
    expect(linesOf(ran).slice(1)).toMatchObject([{ event: 'superseded', statement: old.id, by: id }]);
  });

  test('says for people what fell and why, and names what it cannot use', async () => {
    const { folder, id } = await published();
    await ada.do('revoke', id, '--reason', 'withdrawn');
    const at = lab();
    cpSync(join(home, folder), join(at, folder), { recursive: true });
    const shown = await firsthand(at, ['watch', folder, '--once', '--registry', registry.url]);
    expect(shown.code).toBe(3);
    expect(shown.stdout).toMatch(
      new RegExp(`FALL {2}${folder}.*\\n +${id} \\(DatasetRecord\\)\\n +revoked: withdrawn, since .*\\n.*standing:`),
    );
    expect((await once(at, registry.url, 'nowhere')).code).toBe(5);
    mkdirSync(join(at, 'empty'));
    expect((await once(at, registry.url, 'empty')).stderr).toContain('no certificate in empty');
    const file = join(at, folder, '.firsthand/certificate.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(`"name":"${folder}"`, '"name":"other"'));
    const damaged = await once(at, registry.url, folder);
    expect(damaged.code).toBe(3);
    expect(damaged.stderr).toContain('does not hold');
  });
});

describe('on a registry of its own', () => {
  /** Where the issuer may lose its accreditation. */
  async function own() {
    const place = lab();
    let served = await serveRegistry(place, 'data');
    const people = await foundRegistry(place, served);
    onTestFinished(async () => void (await served.stop()));
    return {
      place,
      ...people,
      url: served.url,
      stop: () => served.stop(),
      async start() {
        served = await serveRegistry(place, 'data', Number(new URL(served.url).port));
      },
    };
  }

  test('survives a restart of the registry, and a stop with it waiting is clean', async () => {
    const { ada: adam, place, url, stop, start } = await own();
    const { folder, id } = await published(adam);
    const { end, begun } = watching(place, url, folder);
    await begun;
    await pause(500);
    const stopping = Date.now();
    expect(await stop()).toBe(0);
    expect(Date.now() - stopping, 'nobody who waits holds it up').toBeLessThan(4000);
    await pause(6000);
    await start();
    await adam.do('revoke', id, '--reason', 'withdrawn');
    const ran = await end;
    expect(ran.code, ran.stderr).toBe(3);
    expect(ran.stderr).toMatch(/note: cannot reach .*trying again/);
    expect(fallsOf(ran)).toMatchObject([{ statement: id, verdict: 'fail' }]);
  });

  test('an issuer’s accreditation falls: by itself, and reaching back', async () => {
    const { ada: adam, operator: op, place, url } = await own();
    const { folder } = await published(adam);
    const changes = (await (await fetch(`${url}/v1/changes`)).json()) as ChangesPage;
    const accreditation = changes.changes.findLast(({ kind }) => kind === 'Accreditation')?.id as string;
    const credential = changes.changes.find(({ kind }) => kind === 'HumanCredential')?.id as string;
    const { end, begun } = watching(place, url, folder, '--keep-going');
    await begun;
    await op.do('revoke', accreditation, '--reason', 'withdrawn');
    await op.do('revoke', accreditation, '--reason', 'fraud', '--invalid-since', '2026-01-01T00:00:00Z');
    await op.do('revoke', credential, '--reason', 'key-compromise', '--invalid-since', '2026-01-01T00:00:00Z');
    const ran = await Promise.race([end, pause(3000)]);
    expect(ran, 'it goes on').toBeUndefined();
    const stopped = watching(place, url, folder);
    expect((await stopped.end).code, 'and does not begin anew').toBe(3);
  });

  test('each fall of an accreditation is judged by the policy', async () => {
    const { ada: adam, operator: op, place, url } = await own();
    const { folder } = await published(adam);
    const { changes } = (await (await fetch(`${url}/v1/changes`)).json()) as ChangesPage;
    const accreditation = changes.findLast(({ kind }) => kind === 'Accreditation')?.id as string;
    await op.do('revoke', accreditation, '--reason', 'withdrawn');
    const alone = await once(place, url, folder);
    expect(alone.code).toBe(3);
    expect(fallsOf(alone), 'what it vouched for before still stands').toMatchObject([
      { statement: accreditation, kind: 'Accreditation', verdict: 'pass', failed: [] },
    ]);
    expect((await once(place, url, folder)).code, 'told once').toBe(0);
    await op.do('revoke', accreditation, '--reason', 'fraud', '--invalid-since', '2026-01-01T00:00:00Z');
    const back = await once(place, url, folder);
    expect(back.code).toBe(3);
    expect(fallsOf(back)).toMatchObject([
      { statement: accreditation, because: { invalidSince: '2026-01-01T00:00:00Z' }, verdict: 'fail' },
    ]);
  });

  test('a record runs out with nothing in the log to say so', async () => {
    const { place, url } = await own();
    const endpoint = {
      fetch: (path: string, init?: RequestInit) => fetch(`${url}${path}`, init),
      operator: await signerFrom(join(place, 'data/keys/operator.json')),
      close: async () => {},
    };
    const people = await cast(endpoint, 'expiry');
    const validUntil = `${new Date(Date.now() + 4000).toISOString().slice(0, 19)}Z`;
    const draft = { ...drafts.record(people.alice.did, 'short-lived'), validUntil };
    const { id } = await log(endpoint, await signed(draft, people.alice));
    await firsthand(place, ['certificate', id, '-o', 'short.json', '--registry', url]);
    expect((await once(place, url, 'short.json')).code).toBe(0);
    await pause(4500);
    const ran = await once(place, url, 'short.json');
    expect(ran.code).toBe(3);
    expect(fallsOf(ran)).toMatchObject([{ statement: id, because: null, failed: [{ id: 'standing' }] }]);
  });
});

describe('on a registry that lies', () => {
  type Alter = (path: string, body: string) => string | null;

  /** A registry whose answers are changed on the way; null leaves one as it is. */
  async function lying(alter: Alter): Promise<string> {
    const proxy = createServer((incoming, outgoing) => {
      const path = incoming.url ?? '';
      void fetch(`${registry.url}${path}`).then(async (answer) => {
        const type = answer.headers.get('content-type') ?? '';
        const bytes = Buffer.from(await answer.arrayBuffer());
        const changed = type.includes('json') || type.includes('text') ? alter(path, bytes.toString()) : null;
        outgoing.writeHead(answer.status, { 'content-type': type }).end(changed ?? bytes);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close().closeAllConnections());
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

  /** A lab that holds the certificate of a record which was revoked since. */
  async function victim(): Promise<{ at: string; folder: string; id: string; certificate: string }> {
    const { folder, id } = await published();
    const at = lab();
    cpSync(join(home, folder), join(at, folder), { recursive: true });
    const certificate = readFileSync(join(at, folder, '.firsthand/certificate.json'), 'utf8');
    await published();
    await ada.do('revoke', id, '--reason', 'withdrawn');
    return { at, folder, id, certificate };
  }

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
    const { at, folder } = await victim();
    const ran = await once(at, await lying(alter), folder);
    expect(ran.code, ran.stdout).toBe(3);
    expect(ran.stderr).toMatch(says);
    expect((JSON.parse(ran.stderr.split('\n').at(-2) ?? '') as { error: object }).error).toMatchObject({
      code: 'verification-failed',
    });
  });

  test('which serves an old certificate, or one without the revocation: it falls all the same', async () => {
    const { at, folder, id, certificate } = await victim();
    const url = await lying((path) => (path.endsWith('/certificate') ? certificate : null));
    const ran = await once(at, url, folder);
    expect(ran.code).toBe(3);
    expect(fallsOf(ran)).toMatchObject([{ statement: id, verdict: 'fail', failed: [{ id: 'standing' }] }]);
    expect(ran.stdout).toContain('leaves out');
  });

  test('whose log went back: 3', async () => {
    const { at, folder } = await victim();
    const { checkpoint } = JSON.parse(readFileSync(join(at, folder, '.firsthand/certificate.json'), 'utf8')) as {
      checkpoint: string;
    };
    const before = await once(at, registry.url, folder);
    expect(before.code).toBe(3);
    const url = await lying((path) => (path === '/log/checkpoint' ? checkpoint : null));
    const ran = await once(at, url, folder);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('went back');
  });
});
