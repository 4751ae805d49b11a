import { IssuerConfig } from '../../schemas/issuer-config.ts';
import { Enrolment, EnrolmentStatus } from '../../schemas/issuer.ts';
import { toBase64Url } from '../../protocol/bytes.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { possessionMessage } from '../../protocol/enrolment.ts';
import { durationMs } from '../../protocol/time.ts';
import type { Database } from '../../worker/database/port.ts';
import { createIssuerApp } from '../../worker/issuer/app.ts';
import { withSecrets } from '../../worker/issuer/deps.ts';
import { createLimiter } from '../../worker/node/limiter.ts';
import { signerOf } from '../support/statements.ts';
import { CLIENT_ID, CLIENT_SECRET, TestProvider } from './provider.ts';

export const ISSUER = 'https://issuer.example/people';
export const [GOOD, OTHER] = ['https://login.good.example', 'https://login.other.example'];

export const CONFIG = {
  name: 'Issuer under test',
  url: ISSUER,
  providers: [GOOD, OTHER].map((issuer, i) => ({
    name: ['good', 'other'][i],
    title: ['Good <login> & co', 'Other'][i],
    issuer,
    clientId: CLIENT_ID,
    clientSecretEnv: 'SECRET',
    rules: [
      {
        when: { acr: ['urn:example:mfa'], amr: ['otp'] },
        framework: 'nist-800-63-4',
        level: 'IAL2',
        method: 'good+mfa',
      },
      { when: { claims: { email_verified: true } }, framework: 'oidc', level: 'verified-login', method: 'good' },
    ],
    expertise: [{ when: { claims: { groups: ['radiologists'] } }, field: 'radiology', basis: 'employment' }],
  })),
};

/** An answer with its body read. */
export interface Answered {
  status: number;
  headers: Headers;
  body: string;
}

export interface IssuerUnderTest {
  good: TestProvider;
  other: TestProvider;
  database: Database;
  signer: Signer;
  events: Record<string, unknown>[];
  /** What would be fetched, and from where. */
  fetched: string[];
  now(): number;
  pass(milliseconds: number): void;
  fetch(path: string, init?: RequestInit & { browser?: Browser }): Promise<Answered>;
  api(path: string, body?: unknown, token?: string): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Begins an enrolment of a key, proven unless told otherwise. */
  begin(person: Signer, options?: { provider?: string; prove?: boolean }): Promise<Enrolment>;
  status(enrolment: Enrolment): Promise<EnrolmentStatus>;
  /** The person opens the page and is sent on: to this address. */
  start(enrolment: Enrolment, browser: Browser, provider?: string): Promise<string>;
  /** The browser comes back from the provider, and is sent to the page with the code. */
  back(url: URL, browser: Browser): Promise<Answered>;
  /** A code is typed where the enrolment was begun. */
  confirm(enrolment: Enrolment, code: string): Promise<{ status: number; body: Record<string, unknown> }>;
  /** All of it, and the code is typed: what the last page answers. */
  logIn(enrolment: Enrolment, browser?: Browser): Promise<Answered>;
  close(): Promise<void>;
}

/** Keeps cookies as a browser does. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly set: string[] = [];

  keep(headers: Headers): void {
    for (const cookie of headers.getSetCookie()) {
      this.set.push(cookie);
      const [pair = ''] = cookie.split(';');
      const at = pair.indexOf('=');
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }

  get header(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

export type OpenIssuer = (options?: { config?: unknown }) => Promise<IssuerUnderTest>;

/** The app over a real database, with real keys, a clock of the test's own, and two providers in this process. */
export async function openIssuerOver(
  { database, close }: { database: Database; close(): Promise<void> },
  options: { config?: unknown } = {},
): Promise<IssuerUnderTest> {
  const config = IssuerConfig.parse(options.config ?? CONFIG);
  const signer = await signerOf('issuer');
  // Not the real time, so that it is seen whose clock counts.
  let time = Date.parse('2026-06-01T12:00:00Z');
  const now = (): number => time;
  const [good, other] = [await TestProvider.open(GOOD, now), await TestProvider.open(OTHER, now)];
  const events: Record<string, unknown>[] = [];
  const fetched: string[] = [];
  const network = async (url: string, init?: RequestInit): Promise<Response> => {
    fetched.push(url);
    const provider = [good, other].find(({ issuer }) => url.startsWith(`${issuer}/`));
    if (provider === undefined) throw new TypeError(`nothing answers at ${url}`);
    return provider.fetch(url, init);
  };
  const app = createIssuerApp({
    database,
    name: config.name,
    url: ISSUER,
    validity: durationMs(config.validity),
    providers: withSecrets(config, () => CLIENT_SECRET),
    signer,
    nullifierSecret: new Uint8Array(32).fill(9),
    verify: verifySignature,
    limits: { all: createLimiter(600, now), network: createLimiter(30, now), key: createLimiter(10, now) },
    addressOf: (c) => c.req.header('X-Test-Address') ?? null,
    fetch: network as typeof fetch,
    now,
    log: (event) => void events.push(event),
  });
  const issuer: IssuerUnderTest = {
    good,
    other,
    database,
    signer,
    events,
    fetched,
    now,
    pass: (milliseconds) => void (time += milliseconds),
    close,

    async fetch(path, { browser, ...init } = {}) {
      const headers = new Headers(init.headers);
      if (browser !== undefined && browser.header !== '') headers.set('Cookie', browser.header);
      const url = path.startsWith('https:') ? path : `${ISSUER}${path}`;
      const response = await app.fetch(new Request(url, { ...init, headers }));
      browser?.keep(response.headers);
      return { status: response.status, headers: response.headers, body: await response.text() };
    },

    async api(path, body, token) {
      const answer = await issuer.fetch(path, {
        headers: {
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: JSON.parse(answer.body) as Record<string, unknown> };
    },

    async begin(person, { provider, prove = true } = {}) {
      const begun = await issuer.api('/enrolments', {
        did: person.did,
        ...(provider === undefined ? {} : { provider }),
      });
      const enrolment = Enrolment.parse(begun.body);
      if (prove) {
        const signature = await person.sign(possessionMessage(ISSUER, person.did, enrolment.challenge));
        const proof = { signature: toBase64Url(signature) };
        const proven = await issuer.api(`/enrolments/${enrolment.id}/proof`, proof, enrolment.pollToken);
        if (proven.status !== 200) throw new Error(`proof refused: ${JSON.stringify(proven.body)}`);
      }
      return enrolment;
    },

    async status({ id, pollToken }) {
      return EnrolmentStatus.parse((await issuer.api(`/enrolments/${id}`, undefined, pollToken)).body);
    },

    async start(enrolment, browser, provider = 'good') {
      const page = await issuer.fetch(`/enrol/${enrolment.id}`, { browser });
      const sent = await submitForm(issuer, page.body, browser, { provider });
      const url = /http-equiv="refresh" content="0; url=([^"]*)"/.exec(sent.body)?.[1];
      if (url === undefined) throw new Error(`not sent on: ${sent.status} ${sent.body}`);
      return url.replaceAll('&amp;', '&');
    },

    async back(url, browser) {
      const answer = await issuer.fetch(url.href, { browser });
      const next = answer.status === 303 ? answer.headers.get('Location') : null;
      return next === null ? answer : issuer.fetch(new URL(next, ISSUER).href, { browser });
    },

    async confirm({ id, pollToken }, code) {
      return issuer.api(`/enrolments/${id}/confirmation`, { code }, pollToken);
    },

    async logIn(enrolment, browser = new Browser()) {
      const page = await issuer.back(good.login(await issuer.start(enrolment, browser)), browser);
      if (page.status === 200) await issuer.confirm(enrolment, codeOn(page));
      return page;
    },
  };
  return issuer;
}

/** The code that a page shows. */
export function codeOn({ status, body }: Answered): string {
  const code = /<strong class="code">([B-Z]{4}-[B-Z]{4})</.exec(body)?.[1];
  if (code === undefined) throw new Error(`no code on the page: ${status} ${body}`);
  return code;
}

/** Sends the form of a page as a browser would. */
export function submitForm(
  issuer: IssuerUnderTest,
  page: string,
  browser: Browser,
  fields: Record<string, string>,
): Promise<Answered> {
  const action = /<form method="post" action="([^"]*)"/.exec(page)?.[1] ?? '';
  const token = /name="form" value="([^"]*)"/.exec(page)?.[1] ?? '';
  return issuer.fetch(new URL(action, ISSUER).href, {
    method: 'POST',
    browser,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ form: token, ...fields })),
  });
}
