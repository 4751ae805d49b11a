import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { signerOf } from './support/statements.ts';
import { Report } from '../schemas/report.ts';
import { attest, describeDataset, foundRegistry, Persona, serveRegistry } from '../client/cli/testing/processes.ts';
import { firsthand, type Ran } from '../client/cli/testing/run-cli.ts';

// What a buyer relies on when a registry misbehaves, or is gone: the real program, and registries that change under it.
let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'firsthand-trust-'));
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

const reportOf = (ran: Ran): Report => Report.parse(JSON.parse(ran.stdout));
const failures = (report: Report): string[] =>
  report.checks.filter((check) => check.outcome === 'fail').map((check) => check.id);

test('a registry that shows another key than the pinned one is refused: 3', async () => {
  const other = join(home, 'elsewhere');
  mkdirSync(other);
  const first = await serveRegistry(other, 'one');
  const visitor = new Persona(other, 'visitor', first.url);
  const { stderr } = await visitor.run('search');
  expect(stderr).toContain(`now pinned`);
  expect(await first.stop()).toBe(0);
  const second = await serveRegistry(other, 'two', Number(new URL(first.url).port));
  onTestFinished(async () => void (await second.stop()));
  const refused = await visitor.run('search');
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain(first.vkey);
  expect(refused.stderr).toContain(second.vkey);
  writeFileSync(join(other, 'new.policy'), `log ${second.vkey}\nquorum none\n`);
  expect((await visitor.run('search', '--trust', 'new.policy')).code).toBe(0);
});

test('offline, the saved certificate is enough; a hostile one is reported, not thrown at', async () => {
  const away = join(home, 'away');
  mkdirSync(away);
  const own = await serveRegistry(away, 'data');
  const { ada: carol } = await foundRegistry(away, own);
  mkdirSync(join(away, 'set'));
  writeFileSync(join(away, 'set', 'a.txt'), 'text');
  await describeDataset(carol, 'set', 'Set');
  await carol.do('publish', 'set');
  expect(await own.stop('SIGINT')).toBe(0);

  expect((await carol.run('verify', 'set')).code).toBe(6);
  expect((await carol.run('verify', 'set', '--offline')).code).toBe(0);
  const stranger = join(away, 'stranger');
  mkdirSync(stranger);
  renameSync(join(away, 'set'), join(stranger, 'set'));
  const lab = new Persona(stranger, 'lab', 'http://127.0.0.1:9');
  expect((await lab.run('verify', 'set', '--offline')).code).toBe(3);
  writeFileSync(join(stranger, 'trust.policy'), `log ${own.vkey}\nquorum none\n`);
  expect((await lab.run('verify', 'set', '--offline', '--trust', 'trust.policy')).code).toBe(0);

  const file = join(stranger, 'set/.firsthand/certificate.json');
  const certificate = readFileSync(file, 'utf8');
  for (const [hostile, check] of [
    [certificate.slice(0, -200), 'certificate.format'],
    ['[]', 'certificate.format'],
    [certificate.replace('"name":"Set"', '"name":"Sat"'), 'statement.digest'],
    [certificate.replace(/("checkpoint":"[^"]*?\\n)\d+/, '$1999'), 'log.checkpoint'],
  ] as const) {
    expect(hostile).not.toBe(certificate);
    writeFileSync(file, hostile);
    const ran = await lab.run('verify', 'set', '--offline', '--trust', 'trust.policy');
    expect(ran.code).toBe(3);
    expect(failures(reportOf(ran))).toContain(check);
  }
});

test('a log that went back, or forked, is caught by the monitor, and both heads are kept', async () => {
  const forge = join(home, 'forge');
  mkdirSync(forge);
  let log = await serveRegistry(forge, 'data');
  const port = Number(new URL(log.url).port);
  const restart = async (from?: string): Promise<void> => {
    await log.stop();
    if (from !== undefined) {
      rmSync(join(forge, 'data'), { recursive: true });
      cpSync(join(forge, from), join(forge, 'data'), { recursive: true });
    }
    log = await serveRegistry(forge, 'data', port);
  };
  onTestFinished(async () => void (await log.stop()));
  const { issuer: signer } = await foundRegistry(forge, log);
  const watch = (): Promise<Ran> => firsthand(forge, ['log', 'monitor', '--once', '--json', '--registry', log.url]);
  const grow = async (person: string): Promise<unknown> => attest(signer, (await signerOf(person)).did, person);

  expect(JSON.parse((await watch()).stdout)).toMatchObject({ from: null, consistent: true });
  await log.stop();
  cpSync(join(forge, 'data'), join(forge, 'snapshot'), { recursive: true });
  log = await serveRegistry(forge, 'data', port);
  await grow('a');
  await grow('b');
  expect(JSON.parse((await watch()).stdout)).toMatchObject({ consistent: true });

  await restart('snapshot');
  const wentBack = await watch();
  expect(wentBack.code).toBe(3);
  expect(wentBack.stderr).toContain('went back');
  for (const person of ['x', 'y', 'z']) await grow(person);
  const forked = await watch();
  expect(forked.code).toBe(3);
  expect(forked.stderr).toContain('forked');
  const heads = readdirSync(join(forge, '.local/state/firsthand/heads'));
  expect(heads.filter((file) => file.endsWith('.checkpoint'))).toHaveLength(1);
  expect(heads.filter((file) => file.endsWith('.conflict'))).toHaveLength(2);
});
