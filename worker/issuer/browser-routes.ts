import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { EnrolmentId, PollToken, type LoginRefusal } from '../../schemas/issuer.ts';
import { equalBytes, fromUtf8, toBase64Url } from '../../protocol/bytes.ts';
import { mediaTypeOf, readBody } from '../http/body.ts';
import type { Env } from '../http/env.ts';
import type { App } from '../http/route.ts';
import { ProviderUnreachable } from './bounded-fetch.ts';
import type { ConfiguredProvider, IssuerDeps } from './deps.ts';
import type { Discover } from './discovery.ts';
import { ENROLMENT_TIME, type EnrolmentRow, type Enrolments } from './enrolments.ts';
import { verify } from './issue.ts';
import { beginLogin, finishLogin } from './login.ts';
import {
  codePage,
  continuePage,
  donePage,
  enrolmentPage,
  messagePage,
  refusalPage,
  unprovenPage,
  type Html,
} from './pages.ts';
import { hashOf, randomToken, randomUserCode } from './tokens.ts';

const FORM_BYTES = 4096;
const ANSWER_CHARACTERS = 8192;

type PageStatus = 200 | 400 | 403 | 404 | 502;

/** The pages that a person sees: the enrolment, the way to the provider and back, and the outcome. */
export function browserRoutes(
  app: App,
  base: string,
  deps: IssuerDeps,
  parts: { enrolments: Enrolments; discover: Discover },
): void {
  const { enrolments, discover } = parts;
  const { name: issuer, providers, log } = deps;
  const pageOf = (id: string): string => `${base}/enrol/${id}`;
  const answer = (c: Context<Env>, page: Html, status: PageStatus = 200) => c.html(page, status);
  const gone = (c: Context<Env>) =>
    answer(
      c,
      messagePage(issuer, 'This enrolment is over', 'Or it never was. Run firsthand enrol in your terminal again.'),
      404,
    );

  const form = (c: Context<Env>, row: EnrolmentRow, browser: string, problem?: string) =>
    answer(
      c,
      enrolmentPage({
        issuer,
        action: pageOf(row.id),
        did: row.did,
        providers: providers.filter(({ name }) => row.provider === null || row.provider === name),
        formToken: formTokenOf(browser),
        ...(problem === undefined ? {} : { problem }),
      }),
      problem === undefined ? 200 : 403,
    );

  /** Tells the person and, if it is theirs, the terminal why a login was refused. */
  const refused = async (
    c: Context<Env>,
    code: LoginRefusal,
    about: { id?: string; provider: string; check: string },
  ) => {
    const { id, provider, check } = about;
    log({ event: 'login-refused', requestId: c.get('requestId'), provider, code, check });
    if (id !== undefined) await enrolments.refuse(id, code);
    const status = code === 'provider-unavailable' || code === 'provider-refused' ? 502 : 403;
    return answer(c, refusalPage(issuer, code, id === undefined ? null : pageOf(id)), status);
  };

  app.get(`${base}/enrol/:id`, async (c) => {
    const row = await rowOf(c, enrolments);
    if (row === null) return gone(c);
    if (row.credential !== null) return answer(c, donePage(issuer));
    if (row.proven !== 1) return answer(c, unprovenPage(issuer));
    if (row.code !== null && isBrowserOf(row, browserOf(c, deps.url, row.id))) {
      return answer(c, codePage(issuer, row.code, row.did));
    }
    return form(c, row, bindBrowser(c, deps.url, row.id));
  });

  app.post(`${base}/enrol/:id`, async (c) => {
    const row = await rowOf(c, enrolments);
    if (row === null) return gone(c);
    if (row.credential !== null) return answer(c, donePage(issuer));
    if (row.proven !== 1) return answer(c, unprovenPage(issuer));
    const isForm = mediaTypeOf(c) === 'application/x-www-form-urlencoded';
    const fields = new URLSearchParams(isForm ? (fromUtf8(await readBody(c, FORM_BYTES)) ?? '') : '');
    const browser = browserOf(c, deps.url, row.id);
    // A page of another site can send a form here, but neither read this one nor bring along the cookie (RFC 6265bis).
    if (browser === null || fields.get('form') !== formTokenOf(browser)) {
      return refused(c, 'login-unbound', { provider: 'none', check: 'form' });
    }
    if (!(await enrolments.try(row.id))) return refused(c, 'too-many-attempts', { provider: 'none', check: 'form' });
    const provider = providers.find(({ name }) => name === (row.provider ?? fields.get('provider')));
    if (provider === undefined) return form(c, row, browser, 'Choose where to log in.');
    try {
      // The state names its enrolment, whose cookie is then known to look for.
      const { url, login } = await beginLogin(provider, await discover(provider), `${row.id}.${randomToken()}`, deps);
      await enrolments.beginLogin(row.id, provider.name, browser, login);
      return answer(c, continuePage(issuer, provider.title, url.href));
    } catch (error) {
      if (!(error instanceof ProviderUnreachable)) throw error;
      return refused(c, 'provider-unavailable', { id: row.id, provider: provider.name, check: error.message });
    }
  });

  app.get(`${base}/enrol/callback/:provider`, async (c) => {
    const provider = providers.find(({ name }) => name === c.req.param('provider'));
    if (provider === undefined) return gone(c);
    const { search, searchParams } = new URL(c.req.url);
    const unbound = (check: string) => refused(c, 'login-unbound', { provider: provider.name, check });
    if (search.length > ANSWER_CHARACTERS || searchParams.getAll('state').length !== 1) return unbound('state');
    const state = searchParams.get('state') as string;
    const id = EnrolmentId.safeParse(state.split('.', 1)[0]);
    const browser = id.success ? browserOf(c, deps.url, id.data) : null;
    if (!id.success || browser === null) return unbound('browser');
    const login = await enrolments.takeLogin(id.data, provider.name, state, browser);
    if (login === null) return unbound('state');
    return finish(c, provider, { ...login, state, id: id.data, browser }, searchParams);
  });

  async function finish(
    c: Context<Env>,
    provider: ConfiguredProvider,
    login: { id: string; browser: string; state: string; nonce: string; code_verifier: string },
    params: URLSearchParams,
  ) {
    const { id, state, nonce } = login;
    const about = { id, provider: provider.name };
    let metadata;
    try {
      metadata = await discover(provider);
    } catch (error) {
      if (!(error instanceof ProviderUnreachable)) throw error;
      return refused(c, 'provider-unavailable', { ...about, check: error.message });
    }
    const claims = await finishLogin(
      provider,
      metadata,
      { state, nonce, codeVerifier: login.code_verifier },
      params,
      deps,
    );
    if (!claims.ok) return refused(c, claims.reason.code, { ...about, check: claims.reason.check });
    const verified = verify(provider, claims.value, deps);
    if (verified === null) return refused(c, 'no-rule', { ...about, check: 'rules' });
    if (await enrolments.isBanned(verified.nullifier)) return refused(c, 'banned', { ...about, check: 'banned' });
    if (!(await enrolments.verify(id, login.browser, randomUserCode(), verified))) {
      return refused(c, 'login-expired', { ...about, check: 'enrolment' });
    }
    log({ event: 'logged-in', requestId: c.get('requestId'), provider: provider.name });
    // To a page that can be loaded again.
    return c.redirect(pageOf(id), 303);
  }
}

async function rowOf(c: Context<Env>, enrolments: Enrolments): Promise<EnrolmentRow | null> {
  const id = EnrolmentId.safeParse(c.req.param('id'));
  return id.success ? enrolments.find(id.data) : null;
}

/** Whether this is the browser that somebody has logged in with. */
const isBrowserOf = ({ browser_hash: held }: EnrolmentRow, browser: string | null): boolean =>
  held !== null && browser !== null && equalBytes(hashOf(browser), held);

/** Derived, so that a form that leaks does not give away the cookie. */
const formTokenOf = (browser: string): string => toBase64Url(hashOf(`form ${browser}`));

const cookieName = (id: string): string => `firsthand-${id}`;
/** With `__Host-`, no other host can set or see it; without https there is no such prefix (RFC 6265bis §4.1.3.2). */
const prefixFor = (url: string): 'host' | undefined => (url.startsWith('https:') ? 'host' : undefined);

/** The secret that ties this browser to an enrolment; null where it has none. */
function browserOf(c: Context<Env>, url: string, id: string): string | null {
  const cookie = PollToken.safeParse(getCookie(c, cookieName(id), prefixFor(url)));
  return cookie.success ? cookie.data : null;
}

/** The same, made where there is none. A page that is loaded twice stays the same. */
function bindBrowser(c: Context<Env>, url: string, id: string): string {
  const browser = browserOf(c, url, id) ?? randomToken();
  setCookie(c, cookieName(id), browser, {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: url.startsWith('https:'),
    maxAge: ENROLMENT_TIME / 1000,
    ...(prefixFor(url) === undefined ? {} : { prefix: 'host' }),
  });
  return browser;
}
