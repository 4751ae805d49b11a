import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Provider } from 'oidc-provider';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../protocol/enrolment.ts';
import {
  describeDataset,
  ended,
  firsthandProcess,
  Persona,
  serveRegistry,
  startFirsthand,
  type ServedRegistry,
} from '../../client/cli/testing/processes.ts';
import { firsthand, type Ran } from '../../client/cli/testing/run-cli.ts';
import type { Did } from '../../schemas/primitives.ts';
import { CHROMIUM, hasChromium, openBrowser } from '../support/chromium.ts';

const SECRET = 'only+the%client/knows';
/** What the provider knows, and tells, about whoever logs in as `ada-4711`. */
const PERSON = { login: 'ada-4711', name: 'Ada Byron-King', email: 'ada.byron@person.example' };

if (!hasChromium) test.skip(`enrolment in a browser: ${CHROMIUM} is not there, skipped (set CHROMIUM)`, () => {});

// From nothing to a verified dataset: the real program, a real OpenID Connect provider, a real browser.
describe.runIf(hasChromium)('from a browser login to a verified dataset', () => {
  const home = mkdtempSync(join(tmpdir(), 'firsthand-enrol-'));
  let registry: ServedRegistry;
  let issuer: { url: string; did: string };
  let providerServer: Server;
  let context: BrowserContext;
  let ada: Persona;

  beforeAll(async () => {
    const listener = { answer: null as ReturnType<Provider['callback']> | null };
    providerServer = createServer((request, response) => void listener.answer?.(request, response));
    await new Promise<void>((resolve) => void providerServer.listen(0, '127.0.0.1', resolve));
    const providerUrl = `http://127.0.0.1:${(providerServer.address() as AddressInfo).port}`;
    writeFileSync(join(home, 'issuer.yaml'), issuerYaml(providerUrl));
    writeFileSync(join(home, 'campus.secret'), `${SECRET}\n`, { mode: 0o600 });
    registry = await serveRegistry(home, 'data', 0, ['--issuer', 'issuer.yaml']);
    issuer = registry.issuer as typeof issuer;
    listener.answer = openProvider(providerUrl, issuer.url).callback();
    context = await openBrowser(join(home, 'profile'));
    ada = await new Persona(home, 'ada', registry.url).withNewKey();
    await accredit('oidc=verified-login');
  });

  afterAll(async () => {
    await context?.close();
    await registry?.stop();
    providerServer?.close();
    rmSync(home, { recursive: true, force: true });
  });

  const accredit = (framework: string): Promise<unknown> =>
    new Persona(home, 'operator', registry.url)
      .withKeyFile(registry.operatorKeyFile)
      .do('accredit', issuer.did, '--role', 'identity-issuer', '--name', 'Campus', '--framework', framework);

  /** Begins an enrolment as somebody in a terminal does; answers once it says where to go. */
  async function beginEnrolment(person: string, ...more: string[]) {
    const child = startFirsthand(home, ['enrol', '--issuer', issuer.url, '--json', ...more], {
      FIRSTHAND_REGISTRY: registry.url,
      FIRSTHAND_KEY_FILE: keyFile(person),
    });
    const end = ended(child);
    let said = '';
    const shown = new Promise<RegExpExecArray>((resolve) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = /(http\S+\/enrol\/\S+)\s+fingerprint\s+([0-9a-f ]+)\n/.exec(said);
        if (found !== null) resolve(found);
      });
    });
    const over = end.then((ran) => Promise.reject(new Error(`enrol ended with ${ran.code}: ${ran.stderr}`)));
    const [, page = '', fingerprint = ''] = await Promise.race([shown, over]);
    const type = (code: string): void => void child.stdin?.write(`${code}\n`);
    return { child, end, page, fingerprint, type };
  }

  const keyFile = (person: string): string => join(home, '.config/firsthand/keys', `${person}.json`);

  /** The person in the browser, from the issuer's page to the code that they type into the terminal. */
  async function logIn(address: string, provider = 'Campus login'): Promise<{ page: Page; code: string }> {
    const page = await context.newPage();
    await toProvider(page, address, provider);
    const code = await page.getByRole('status').textContent();
    return { page, code: code?.trim() ?? '' };
  }

  async function toProvider(page: Page, address: string, provider: string): Promise<void> {
    await page.goto(address);
    await page.getByLabel(provider).check();
    await page.getByRole('button', { name: 'Continue to log in' }).click();
    await page.getByPlaceholder('Enter any login').fill(PERSON.login);
    await page.getByPlaceholder('and password').fill('x');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
  }

  async function enrolled(person: string, ...more: string[]): Promise<Ran> {
    const { end, page: address, type } = await beginEnrolment(person, ...more);
    await context.clearCookies();
    const { page, code } = await logIn(address);
    type(code);
    await page.close();
    return end;
  }

  test('a person with a browser and the program gets a credential, publishes, and is verified', async () => {
    const { end, page: address, fingerprint, type } = await beginEnrolment('ada');
    expect(fingerprint).toBe(fingerprintOf(ada.did as Did));
    const page = await context.newPage();
    const [errors, elsewhere]: [string[], string[]] = [[], []];
    page.on('console', (message) => errors.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(registry.url)) elsewhere.push(request.url());
    });
    await page.goto(address);
    expect(await page.getByText(fingerprint).isVisible()).toBe(true);
    expect(await page.getByText('Not stored:').isVisible()).toBe(true);
    // The style is let through by its hash; nothing else is loaded.
    expect(await page.evaluate(() => getComputedStyle(document.body).maxWidth)).not.toBe('none');
    expect(errors.filter((error) => /Content Security Policy|Refused/.test(error))).toEqual([]);
    expect(elsewhere).toEqual([]);
    await page.close();

    const { page: last, code } = await logIn(address);
    expect(await last.getByRole('heading').textContent()).toBe('One step left: type this code into your terminal');
    expect(await last.getByText('Tell this code to nobody').isVisible()).toBe(true);
    expect(await last.getByText(fingerprint).isVisible()).toBe(true);
    // The page can be loaded again by the one who logged in, and by nobody else.
    await last.reload();
    expect((await last.getByRole('status').textContent())?.trim()).toBe(code);
    expect(await (await fetch(address)).text()).not.toContain(code);
    type('BBBB-BBBB');
    type(code.toLowerCase());
    const ran = await end;
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('not the code') as string });
    await last.reload();
    expect(await last.getByRole('heading').textContent()).toBe('Done: return to your terminal');
    await last.close();
    expect(JSON.parse(ran.stdout)).toMatchObject({
      issuer: issuer.did,
      did: ada.did,
      isNew: true,
      verification: { framework: 'oidc', level: 'verified-login', method: 'campus' },
      expertise: [{ field: 'mathematics', basis: 'employment' }],
      nullifier: expect.stringMatching(/^[\w-]{43}$/) as string,
    });

    mkdirSync(join(home, 'work'));
    writeFileSync(join(home, 'work/rows.jsonl'), '{"n":1}\n{"n":2}\n');
    await describeDataset(ada, 'work', 'From a login');
    await ada.do('publish', 'work');
    writeFileSync(
      join(home, 'policy.yaml'),
      'policy: firsthand/v1\nhuman: { required: true, minLevel: { oidc: verified-login } }\n',
    );
    const verified = await ada.run('verify', 'work', '--policy', 'policy.yaml');
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({ verdict: 'pass', humans: { min: 1, max: 1 } });
  });

  test('the same person with another key has the same pseudonym', async () => {
    await new Persona(home, 'ada-2', registry.url).withNewKey();
    const again = JSON.parse((await enrolled('ada')).stdout) as { nullifier: string; id: string };
    const other = JSON.parse((await enrolled('ada-2')).stdout) as { nullifier: string; id: string };
    expect(other.nullifier).toBe(again.nullifier);
    expect(other.id).not.toBe(again.id);
  });

  test('a level above the accreditation is refused by the registry; once accredited, no second login is needed', async () => {
    await new Persona(home, 'high', registry.url).withNewKey();
    const { end, page: address, type } = await beginEnrolment('high', '--provider', 'high');
    await context.clearCookies();
    const { page, code } = await logIn(address, 'Campus high');
    type(code);
    await page.close();
    const refused = await end;
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('run the same command again');
    expect(refused.stderr).toContain('"code":"not-accredited"');
    await accredit('nist-800-63-4=IAL2');
    const high = new Persona(home, 'high', registry.url).withKeyFile(keyFile('high'));
    expect(await high.do('enrol', '--issuer', issuer.url)).toMatchObject({
      isNew: true,
      verification: { level: 'IAL2' },
    });
    expect(readdirSync(join(home, '.local/state/firsthand/enrolments'))).toEqual([]);
  });

  test('a login that somebody was sent to, and whose code nobody types, is worth nothing', async () => {
    const { child, end, page: address } = await beginEnrolment('ada');
    await context.clearCookies();
    await (await logIn(address)).page.close();
    child.stdin?.end();
    const ran = await end;
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([2, '', expect.stringContaining('ended before the code')]);
  });

  test('who is banned is told so in the browser and in the terminal, until the ban is lifted', async () => {
    const { nullifier } = JSON.parse((await enrolled('ada')).stdout) as { nullifier: string };
    const data = ['--data', 'data', '--json'];
    const banned = await firsthandProcess(home, ['issuer', 'ban', nullifier, ...data]);
    expect([banned.code, JSON.parse(banned.stdout)]).toEqual([0, { nullifier, banned: true, isNew: true }]);
    const { child, end, page: address } = await beginEnrolment('ada-2');
    await context.clearCookies();
    const page = await context.newPage();
    await toProvider(page, address, 'Campus login');
    expect(await page.getByRole('alert').textContent()).toContain('gives no credentials');
    await page.close();
    await new Promise<void>((resolve) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('gives no credentials')) resolve();
      });
    });
    child.kill('SIGINT');
    expect((await end).code).toBe(130);
    const list = await firsthandProcess(home, ['issuer', 'bans', ...data]);
    expect(JSON.parse(list.stdout)).toMatchObject({ banned: [{ nullifier }] });
    const lifted = await firsthandProcess(home, ['issuer', 'unban', nullifier, ...data]);
    expect(JSON.parse(lifted.stdout)).toEqual({ nullifier, banned: false, isNew: true });
    expect((await firsthandProcess(home, ['issuer', 'bans', '--data', 'nowhere'])).code).toBe(5);
  });

  test('Ctrl-C gives up and leaves nothing; a wrong address, a wrong provider and a wrong page say what to do', async () => {
    const { child, end } = await beginEnrolment('ada');
    child.kill('SIGINT');
    expect((await end).code).toBe(130);
    expect(readdirSync(join(home, '.local/state/firsthand/enrolments'))).toEqual([]);
    const cases: [string[], number, RegExp][] = [
      [['--issuer', issuer.url, '--provider', 'nowhere'], 2, /it has campus, high/],
      [['--issuer', registry.url], 5, /the issuer’s address/],
      [['--issuer', issuer.url.replace('127.0.0.1', 'localhost')], 3, /use that address/],
      [['--issuer', 'http://127.0.0.1:1'], 6, /is the issuer running/],
      [['--issuer', 'ftp://x'], 2, /--issuer/],
    ];
    for (const [args, code, words] of cases) {
      const env = { FIRSTHAND_REGISTRY: registry.url, FIRSTHAND_KEY_FILE: keyFile('ada') };
      const ran = await firsthand(home, ['enrol', ...args], { env });
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringMatching(words)]);
    }
  }, 120_000);

  test('a mistake in the configuration is named with its line, and its secrets must be its own', async () => {
    writeFileSync(join(home, 'bad.yaml'), issuerYaml('http://evil.example'));
    const bad = await firsthandProcess(home, ['serve', '--data', 'bad', '--port', '0', '--issuer', 'bad.yaml']);
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringMatching(/bad\.yaml line 5.*expected an https URL/s)]);
    writeFileSync(
      join(home, 'open.yaml'),
      issuerYaml('https://login.example').replaceAll('campus.secret', 'open.secret'),
    );
    writeFileSync(join(home, 'open.secret'), SECRET, { mode: 0o644 });
    const open = await firsthandProcess(home, ['serve', '--data', 'bad', '--port', '0', '--issuer', 'open.yaml']);
    expect(open.stderr).toContain('chmod 600');
  });

  // The last, since it stops the registry: what is not in memory any more is on disk.
  test('nothing that identifies the person is in the log, in any database, or in anything that was logged', async () => {
    const key = await firsthand(home, ['log', 'checkpoint', '--registry', registry.url]);
    expect(key.code).toBe(0);
    const bundles = await fetch(`${registry.url}/log/tile/entries/000.p/${sizeOf(key.stdout)}`);
    expect(bundles.status).toBe(200);
    const served = [await bundles.text(), await (await fetch(`${registry.url}/v1/changes`)).text()];
    const modes = ['keys/issuer.json', 'keys/issuer.nullifier'].map(
      (file) => statSync(join(home, 'data', file)).mode & 0o777,
    );
    expect(modes).toEqual([0o600, 0o600]);
    const whileOpen = dataFiles();
    expect(whileOpen.map(([name]) => name)).toContain('issuer.sqlite');
    await registry.stop();
    const said = await registry.said();
    expect(said).toContain('"event":"issued"');
    const everything: [string, string][] = [
      ...whileOpen,
      ...dataFiles(),
      ['said', said],
      ...served.map((text): [string, string] => ['served', text]),
    ];
    for (const word of [...Object.values(PERSON), 'Byron', 'person.example', SECRET]) {
      const found = everything.filter(([, text]) => text.includes(word)).map(([name]) => name);
      expect([word, found]).toEqual([word, []]);
    }
  });

  /** Every file under the data folder, byte for byte. */
  const dataFiles = (): [string, string][] =>
    readdirSync(join(home, 'data'), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => [file.name, readFileSync(join(file.parentPath, file.name), 'latin1')]);
});

const sizeOf = (checkpoint: string): string => /^\S+\n(\d+)\n/m.exec(checkpoint)?.[1] ?? checkpoint;

const issuerYaml = (provider: string): string => `name: Campus
providers:
  - name: campus
    title: Campus login
    issuer: ${provider}
    clientId: firsthand
    clientSecretFile: campus.secret
    scope: openid profile email
    rules:
      - { when: { claims: { email_verified: true } }, framework: oidc, level: verified-login, method: campus }
    expertise:
      - { when: { claims: { groups: [mathematicians] } }, field: mathematics, basis: employment }
  - name: high
    title: Campus high
    issuer: ${provider}
    clientId: firsthand
    clientSecretFile: campus.secret
    rules:
      - { when: {}, framework: nist-800-63-4, level: IAL2, method: campus+card }
`;

function openProvider(url: string, issuerUrl: string): Provider {
  const provider = new Provider(url, {
    clients: [
      {
        client_id: 'firsthand',
        client_secret: SECRET,
        redirect_uris: ['campus', 'high'].map((name) => `${issuerUrl}/enrol/callback/${name}`),
      },
    ],
    pkce: { required: () => true },
    cookies: { keys: ['a test’s'] },
    claims: { openid: ['sub', 'groups'], profile: ['name'], email: ['email', 'email_verified'] },
    // Into the ID token, so that the issuer does get to see what it must not keep.
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () =>
        Promise.resolve({
          sub: id,
          name: PERSON.name,
          email: PERSON.email,
          email_verified: true,
          groups: ['mathematicians'],
        }),
    }),
  });
  return provider;
}
