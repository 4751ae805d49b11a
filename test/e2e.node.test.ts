import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Report } from '../schemas/report.ts';
import {
  attest,
  describeDataset,
  firsthandProcess,
  foundRegistry,
  Persona,
  serveRegistry,
  type ServedRegistry,
} from '../client/cli/testing/processes.ts';
import { firsthand, type Ran } from '../client/cli/testing/run-cli.ts';

// The real program against a real registry, each command a process of its own. One registry for all; a folder a test.
let home: string;
let registry: ServedRegistry;
let operator: Persona;
let issuer: Persona;
let ada: Persona;
let count = 0;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'firsthand-e2e-'));
  registry = await serveRegistry(home, 'data');
  ({ operator, issuer, ada } = await foundRegistry(home, registry));
});

afterAll(async () => {
  await registry?.stop();
  rmSync(home, { recursive: true, force: true });
});

/** A folder of two files of its own. */
function dataset(name = `set-${++count}`): string {
  mkdirSync(join(home, name));
  writeFileSync(join(home, name, 'rows.jsonl'), `{"set":"${name}","n":1}\n{"set":"${name}","n":2}\n`);
  writeFileSync(join(home, name, 'README.md'), `# ${name}\n`);
  return name;
}

async function published(...init: string[]): Promise<{ folder: string; id: string }> {
  const folder = dataset();
  await describeDataset(ada, folder, folder, ...init);
  return { folder, id: String((await ada.do('publish', folder))['id']) };
}

const reportOf = (ran: Ran): Report => Report.parse(JSON.parse(ran.stdout));
const failures = (report: Report): string[] =>
  report.checks.filter((check) => check.outcome === 'fail').map((check) => check.id);

describe('publish', () => {
  test('logs once, however often it runs, and saves what verifies', async () => {
    const folder = dataset();
    await describeDataset(ada, folder, 'Once');
    const first = await ada.do('publish', folder);
    expect(first).toMatchObject({
      isNew: true,
      index: expect.any(Number) as number,
      loggedAt: expect.stringMatching(/Z$/) as string,
    });
    rmSync(join(home, folder, '.firsthand/certificate.json'));
    const again = await ada.do('publish', folder);
    expect(again).toMatchObject({ id: first['id'], index: first['index'], loggedAt: first['loggedAt'], isNew: false });
    const verified = await ada.run('verify', folder);
    expect(verified.code).toBe(0);
    expect(reportOf(verified)).toMatchObject({
      verdict: 'pass',
      subject: first['id'],
      coverage: { files: 2, rows: 3, matched: 3 },
    });
  });

  test('resumes after the upload was cut off, with the same statement', async () => {
    // A registry whose uploads never arrive.
    const proxy = createServer((incoming, outgoing) => {
      if (incoming.method === 'PUT') return void incoming.socket.destroy();
      const onward = forward(
        `${registry.url}${incoming.url}`,
        { method: incoming.method, headers: incoming.headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        },
      );
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const folder = dataset();
    await describeDataset(ada, folder, 'Cut off');
    const cut = await ada.run(
      'publish',
      folder,
      '--registry',
      `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    );
    expect(cut.code).toBe(6);
    expect(await ada.do('publish', folder)).toMatchObject({ isNew: false });
    expect((await ada.run('verify', folder)).code).toBe(0);
  });

  test('needs a credential: 4, and nothing is logged', async () => {
    const eve = await new Persona(home, 'eve', registry.url).withNewKey();
    const folder = dataset();
    await describeDataset(eve, folder, 'Unverified');
    const refused = await eve.run('publish', folder);
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.stderr)).toMatchObject({
      error: { code: 'no-credential', hint: expect.stringContaining('attest-human') as string },
    });
  });

  test('takes one file, with its papers beside it', async () => {
    writeFileSync(join(home, 'single.jsonl'), '{"only":"one"}\n');
    await describeDataset(ada, 'single.jsonl', 'Single');
    await ada.do('publish', 'single.jsonl');
    expect(readdirSync(join(home, 'single.jsonl.firsthand')).toSorted()).toEqual([
      'certificate.json',
      'manifest.jsonl',
      'rows',
      'statement.json',
    ]);
    expect((await ada.run('verify', 'single.jsonl')).code).toBe(0);
  });

  test('keeps a withheld manifest to itself', async () => {
    const folder = dataset();
    await describeDataset(ada, folder, 'Withheld');
    const yaml = join(home, folder, 'firsthand.yaml');
    writeFileSync(yaml, `${readFileSync(yaml, 'utf8')}visibility: withheld\n`);
    const first = await ada.do('publish', folder);
    expect(await ada.do('publish', folder)).toMatchObject({ id: first['id'], isNew: false });
    const { credentialSubject } = (await ada.do('get', String(first['id']))) as {
      credentialSubject: { content: { manifest: string } };
    };
    expect((await ada.run('get', credentialSubject.content.manifest, '--blob', '-o', 'x')).code).toBe(5);
    expect((await ada.run('verify', folder)).code).toBe(0);
  });
});

describe('verify', () => {
  test('names the file in which one byte changed, and ends with 3', async () => {
    const { folder } = await published();
    const file = join(home, folder, 'rows.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('1', '3'));
    const ran = await ada.run('verify', folder);
    expect(ran.code).toBe(3);
    expect(failures(reportOf(ran))).toContain('content.coverage');
    expect(ran.stdout).toContain('rows.jsonl was changed');
    const shown = await firsthand(home, ['verify', folder, '--registry', registry.url]);
    expect(shown.stdout).toMatch(/^FAIL {2}sha256:/);
  });

  test('finds the record of a file that came without papers, under any name; and of none', async () => {
    const { folder, id } = await published();
    mkdirSync(join(home, 'lab'), { recursive: true });
    cpSync(join(home, folder, 'rows.jsonl'), join(home, 'lab', 'renamed.txt'));
    const found = await ada.run('verify', 'lab');
    expect(found.code).toBe(0);
    expect(reportOf(found)).toMatchObject({ subject: id });
    writeFileSync(join(home, 'lab', 'renamed.txt'), 'never seen');
    const unknown = await ada.run('verify', 'lab');
    expect(unknown.code).toBe(3);
    expect(reportOf(unknown)).toMatchObject({ verdict: 'fail', subject: null });
  });

  test('of a composition shows the share at each level, and a policy refuses it', async () => {
    const human = await published();
    const model = await published('--assistance', 'synthetic');
    await describeDataset(ada, 'both', 'Both', '--part', human.id, '--part', model.id);
    const { id } = await ada.do('publish', 'both');
    cpSync(join(home, human.folder, 'rows.jsonl'), join(home, 'both', 'a.jsonl'));
    cpSync(join(home, model.folder, 'rows.jsonl'), join(home, 'both', 'b.jsonl'));
    const all = await ada.run('verify', 'both');
    expect(all.code).toBe(0);
    expect(reportOf(all)).toMatchObject({
      subject: id,
      assistance: { worst: 'synthetic', shares: { none: 0.5, synthetic: 0.5 } },
    });
    writeFileSync(join(home, 'editing.json'), '{"policy":"firsthand/v1","assistance":{"max":"editing"}}');
    for (const path of ['both', model.folder]) {
      const refused = await ada.run('verify', path, '--policy', 'editing.json');
      expect(refused.code).toBe(3);
      expect(failures(reportOf(refused))).toEqual(['assistance.level']);
    }
    expect((await ada.run('verify', human.folder, '--policy', 'editing.json')).code).toBe(0);
  });

  test('as of before a revocation passes, and after it fails; an erased record is gone', async () => {
    const { folder, id } = await published();
    const before = new Date().toISOString();
    await ada.do('revoke', id, '--reason', 'withdrawn', '--erase');
    const after = await ada.run('verify', folder);
    expect(after.code).toBe(3);
    expect((await ada.run('get', id)).code).toBe(5);

    const kept = await published();
    const meanwhile = new Date().toISOString();
    await ada.do('revoke', kept.id, '--reason', 'withdrawn');
    expect((await ada.run('verify', kept.folder, '--as-of', meanwhile)).code).toBe(0);
    expect(failures(reportOf(await ada.run('verify', kept.folder)))).toContain('standing');
    expect((await ada.run('verify', kept.folder, '--as-of', before)).code).toBe(3);
    expect((await ada.run('publish', kept.folder)).code).toBe(3);
    expect((await issuer.run('revoke', kept.id, '--reason', 'fraud')).code).toBe(4);
    expect((await operator.run('revoke', kept.id, '--reason', 'legal')).code).toBe(0);
  });

  test('counts a person with two keys once, and their reference is nowhere', async () => {
    const second = await new Persona(home, 'ada-2', registry.url).withNewKey();
    const secret = 'passport X-99127';
    const third = await new Persona(home, 'bob', registry.url).withNewKey();
    await attest(issuer, second.did, secret);
    await attest(issuer, third.did, ` ${secret}\n`);
    const parts: string[] = [];
    for (const who of [second, third]) {
      const folder = dataset();
      await describeDataset(who, folder, folder);
      parts.push(String((await who.do('publish', folder))['id']));
    }
    await describeDataset(ada, 'people', 'People', ...parts.flatMap((id) => ['--part', id]));
    await ada.do('publish', 'people');
    expect(reportOf(await ada.run('verify', 'people')).humans).toEqual({ min: 1, max: 1 });
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const leaks = files.filter((file) => readFileSync(join(file.parentPath, file.name)).includes(secret));
    expect(leaks.map((file) => file.name)).toEqual([]);
  });
});

describe('reading', () => {
  test('search, certificate, get, log proof and checkpoint', async () => {
    const { folder, id } = await published();
    expect(await ada.do('search', folder)).toMatchObject({ datasets: [{ id }] });
    expect(await ada.do('certificate', id)).toMatchObject({ subject: id });
    await ada.do('certificate', id, '-o', 'c.json');
    expect((await ada.run('verify', folder, '--certificate', 'c.json')).code).toBe(0);
    expect(await ada.do('get', id)).toMatchObject({ type: ['VerifiableCredential', 'DatasetRecord'] });
    expect(await ada.do('log', 'proof', id, '-o', 'p.tlog-proof')).toMatchObject({ id });
    expect(readFileSync(join(home, 'p.tlog-proof'), 'utf8')).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
    expect(await ada.do('log', 'checkpoint')).toMatchObject({ origin: registry.origin });
    expect((await ada.run('get', `sha256:${'0'.repeat(64)}`)).code).toBe(5);
  });
});

test('serve on a taken port ends with 1 and says what to do', async () => {
  const { code, stderr } = await firsthandProcess(home, [
    'serve',
    '--data',
    'third',
    '--port',
    new URL(registry.url).port,
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/is in use/);
  expect(existsSync(join(home, 'third', 'registry.sqlite'))).toBe(false);
});

test('a wrong passphrase ends with 4', async () => {
  const env = { FIRSTHAND_PASSPHRASE: 'right', FIRSTHAND_REGISTRY: registry.url };
  await firsthand(home, ['key', 'new', '--name', 'locked'], { env });
  const args = ['revoke', `sha256:${'0'.repeat(64)}`, '--reason', 'fraud', '--key', 'locked'];
  const { code, stderr } = await firsthand(home, args, { env: { ...env, FIRSTHAND_PASSPHRASE: 'wrong' } });
  expect(code).toBe(4);
  expect(stderr).toContain('wrong passphrase');
});
