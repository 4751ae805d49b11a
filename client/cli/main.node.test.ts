import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cliIn, temporaryFolder } from './testing/run-cli.ts';

const NO_REGISTRY = 'http://127.0.0.1:9';
const INIT = [
  '--name',
  'N',
  '--task-type',
  'evaluation',
  '--license',
  'CC0-1.0',
  '--assistance',
  'none',
  '--role',
  'author',
  '--yes',
];

describe('usage', () => {
  test.each([
    [['bogus']],
    [['verify', '--nope']],
    [['accredit']],
    [['attest-human', 'did:key:x']],
    [['verify', '.', '--as-of', 'yesterday']],
    [['revoke', 'sha256:zz', '--reason', 'withdrawn']],
    [['contributor', 'did:web:example.com']],
    [['issuers', '--limit', '0']],
    [['issuers', '--after', '7']],
    [['serve', '--port', '99999']],
    [['log', 'monitor', '--interval', 'soon']],
    [[]],
  ])('%j ends with 2, and stdout stays empty', async (args) => {
    const { code, stdout, stderr } = await cliIn(temporaryFolder())(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  test('under --json, the error is one JSON line on stderr', async () => {
    const { code, stdout, stderr } = await cliIn(temporaryFolder())('verify', '--nope', '--json');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stderr)).toEqual({ error: { code: 'usage', message: "unknown option '--nope'" } });
  });

  test('help and version end with 0, on stdout', async () => {
    const run = cliIn(temporaryFolder());
    expect(await run('--help')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/Exit codes/) as string,
    });
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await run('publish', '--help')).code).toBe(0);
  });

  test('without a registry, it says how to name one', async () => {
    const { code, stderr } = await cliIn(temporaryFolder())('search');
    expect(code).toBe(2);
    expect(stderr).toContain('FIRSTHAND_REGISTRY');
  });

  test.each(['https://user:secret@x', 'https://x?y', 'https://x/#', 'ftp://x'])('%s is no registry', async (url) => {
    const { code, stderr } = await cliIn(temporaryFolder())('search', '--registry', url);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('host[:port]') as string });
  });

  test('a pause longer than a timer has is refused: it would be none', async () => {
    const { code, stderr } = await cliIn(temporaryFolder())('log', 'monitor', '--interval', '25d');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--interval: 24d at most') as string });
  });

  test('a registry that is away ends with 6', async () => {
    const { code, stderr } = await cliIn(temporaryFolder())('search', '--json', '--registry', NO_REGISTRY);
    expect(code).toBe(6);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'network' } });
  });

  test('no stack is shown, unless asked for', async () => {
    const env = { FIRSTHAND_DEBUG: '1' };
    const home = temporaryFolder();
    expect((await cliIn(home)('verify', 'nope')).stderr).not.toContain('    at ');
    expect((await cliIn(home, { env })('verify', 'nope')).stderr).toContain('    at ');
  });

  test('what a registry says is printed without its control characters', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({
          type: 'x',
          title: 'x',
          status: 403,
          code: 'not-entitled',
          detail: '\u001b[2Jbad\r',
          requestId: 'r',
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const { code, stderr } = await cliIn(temporaryFolder())('search', '--registry', `http://127.0.0.1:${port}`);
    expect(code).toBe(4);
    expect(stderr).toContain('\\u{1b}[2Jbad\\u{d}');
    expect(stderr).not.toContain('\u001b');
  });
});

describe('init', () => {
  test('describes a folder, a file, and a composition that has no folder yet', async () => {
    const home = temporaryFolder();
    const run = cliIn(home);
    writeFileSync(join(home, 'rows.jsonl'), '{}\n');
    mkdirSync(join(home, 'set'));
    const part = `sha256:${'a'.repeat(64)}`;
    expect(await run('init', join(home, 'set'), ...INIT, '--language', 'en,de')).toMatchObject({ code: 0 });
    expect(readFileSync(join(home, 'set/firsthand.yaml'), 'utf8')).toMatch(/language:\n {2}- en\n {2}- de\n/);
    expect(await run('init', join(home, 'rows.jsonl'), ...INIT, '--json')).toMatchObject({ code: 0 });
    expect(readFileSync(join(home, 'rows.jsonl.firsthand.yaml'), 'utf8')).toContain('taskType: evaluation');
    expect(await run('init', join(home, 'combo'), ...INIT, '--part', part)).toMatchObject({ code: 0 });
    expect(readFileSync(join(home, 'combo/firsthand.yaml'), 'utf8')).toContain(part);
  });

  test('never overwrites, unless forced', async () => {
    const home = temporaryFolder();
    const run = cliIn(home);
    writeFileSync(join(home, 'firsthand.yaml'), 'mine');
    expect((await run('init', home, ...INIT)).code).toBe(7);
    expect(readFileSync(join(home, 'firsthand.yaml'), 'utf8')).toBe('mine');
    expect((await run('init', home, ...INIT, '--force')).code).toBe(0);
  });

  test.each([
    ['--license', ['--name', 'N', '--task-type', 'evaluation', '--assistance', 'none', '--yes']],
    ['--assistance', ['--name', 'N', '--task-type', 'evaluation', '--license', 'MIT', '--yes']],
    ['--task-type', [...INIT, '--task-type', 'poetry']],
    ['--language', [...INIT, '--language', 'English!']],
    ['--part', [...INIT, '--part', 'sha256:1']],
    ['--rights-holder', [...INIT, '--rights-holder', 'me']],
    ['--name', [...INIT, '--name', 'a\u001b[2J']],
  ])('names %s where it is missing or wrong', async (flag, args) => {
    const { code, stderr } = await cliIn(temporaryFolder())('init', temporaryFolder(), ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(flag);
  });
});

describe('publish reads firsthand.yaml', () => {
  const GOOD = `name: N
taskType: evaluation
authorship:
  role: author
  assistance: { level: none }
rights:
  license: MIT
`;
  test.each([
    ['an unknown field', GOOD.replace('name: N', 'name: N\nlicence: MIT'), /line 2: licence: unknown field/],
    ['a wrong value', GOOD.replace('role: author', 'role: ghost'), /line 4: authorship\.role: Invalid option/],
    ['a missing licence', GOOD.replace('  license: MIT', '  {}'), /line 6: rights\.license: is missing/],
    ['a number for text', GOOD.replace('name: N', 'name: N\nversion: 1.0'), /line 2: version: .*"quotes"/],
    ['a wrong item', `${GOOD}language:\n  - en\n  - English!\n`, /line 10: language\.1: /],
    ['broken YAML', 'name: [1\n', /line \d+: /],
    ['a key given twice', `${GOOD}name: M\n`, /line 8: /],
    ['nothing', '', /line 1: name: is missing/],
  ])('and names the line of %s', async (_name, yaml, message) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'firsthand.yaml'), yaml);
    const { code, stderr } = await cliIn(temporaryFolder())('publish', folder, '--registry', NO_REGISTRY);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  test('an alias bomb is refused', async () => {
    const folder = temporaryFolder();
    const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    writeFileSync(join(folder, 'firsthand.yaml'), `a0: &a0 [x]\n${levels.join('\n')}\n`);
    const { code, stderr } = await cliIn(temporaryFolder())('publish', folder, '--registry', NO_REGISTRY);
    expect(code).toBe(1);
    expect(stderr).toMatch(/alias/i);
  });

  test('and says how to make one where there is none', async () => {
    const { code, stderr } = await cliIn(temporaryFolder())('publish', temporaryFolder(), '--registry', NO_REGISTRY);
    expect(code).toBe(5);
    expect(stderr).toContain('firsthand init');
  });
});

test.each(['set/.firsthand', 'set/.firsthand/rows'])('what is published is not saved where %s leads', async (link) => {
  const home = temporaryFolder();
  for (const folder of ['set/.firsthand', 'elsewhere']) mkdirSync(join(home, folder), { recursive: true });
  rmSync(join(home, link), { recursive: true, force: true });
  symlinkSync(join(home, 'elsewhere'), join(home, link));
  const { code, stderr } = await cliIn(home)('publish', join(home, 'set'), '--registry', NO_REGISTRY);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining(`${link} is a symbolic link`) as string,
  });
});

test('a malformed id is a fault of the command line, not a file that is missing', async () => {
  for (const id of ['sha256:abc', `sha256:${'A'.repeat(64)}`]) {
    const { code, stderr } = await cliIn(temporaryFolder())('verify', id, '--registry', NO_REGISTRY);
    expect([code, stderr]).toEqual([2, expect.stringContaining('64 lowercase')]);
  }
});

test.each([
  ['rights', '--use', 'train'],
  ['export', '--as', 'aipref'],
])('%s as of a time to come is a fault of the command line, not of a certificate', async (command, ...args) => {
  const id = `sha256:${'0'.repeat(64)}`;
  const { code, stderr } = await cliIn(temporaryFolder())(command, id, ...args, '--at', '2090-01-01', '--offline');
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--at: nobody knows yet') as string });
});

describe('serve', () => {
  const failing = (code: string | undefined, message: string) => () =>
    Promise.reject(Object.assign(new Error(message), { code }));

  test('a taken port is told, with what to do', async () => {
    const run = cliIn(temporaryFolder(), { startRegistry: failing('EADDRINUSE', 'listen EADDRINUSE') });
    const { code, stderr } = await run('serve', '--port', '8080');
    expect(code).toBe(1);
    expect(stderr).toMatch(/port 8080 is in use\n.*--port N/);
  });

  test('the registry’s own refusal is passed on', async () => {
    const run = cliIn(temporaryFolder(), { startRegistry: failing(undefined, 'the log on disk does not add up') });
    expect(await run('serve')).toMatchObject({ code: 1, stderr: 'firsthand: the log on disk does not add up\n' });
  });

  test('a registry that can write no more is closed, and the command fails, so that it is started again', async () => {
    let isClosed = false;
    const run = cliIn(temporaryFolder(), {
      startRegistry: async () => ({
        url: NO_REGISTRY,
        origin: 'registry.example/log',
        vkey: '',
        operator: '',
        operatorKeyFile: '',
        failed: Promise.resolve(new Error('out of memory')),
        close: async () => void (isClosed = true),
      }),
    });
    const { code, stderr } = await run('serve');
    expect([code, isClosed]).toEqual([1, true]);
    expect(stderr).toMatch(/can write no more: out of memory\n.*start it again/);
  });
});
