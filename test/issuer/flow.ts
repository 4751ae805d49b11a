import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { Enrolment } from '../../schemas/issuer.ts';
import { toBase64Url } from '../../protocol/bytes.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { fingerprintOf, possessionMessage } from '../../protocol/enrolment.ts';
import { parseStatement, verifyStatement, type ParsedStatement } from '../../protocol/statement.ts';
import { db } from '../../worker/database/port.ts';
import { createBans } from '../../worker/issuer/bans.ts';
import { sweepEnrolments, type EnrolmentRow } from '../../worker/issuer/enrolments.ts';
import { signerOf } from '../support/statements.ts';
import { Browser, codeOn, CONFIG, GOOD, ISSUER, type IssuerUnderTest, type OpenIssuer } from './harness.ts';
import { PERSON } from './provider.ts';

function credentialIn(text: string | undefined): ParsedStatement<'HumanCredential'> {
  const parsed = parseStatement(text ?? '');
  if (!parsed.ok) throw new Error(parsed.reason.detail);
  return parsed.value as ParsedStatement<'HumanCredential'>;
}

/** What an issuer app does when nobody means it ill. */
export function describeFlow(name: string, open: OpenIssuer): void {
  describe(`${name}: enrolment`, () => {
    let issuer: IssuerUnderTest;
    let ada: Signer;
    beforeEach(async () => {
      issuer = await open();
      ada = await signerOf('ada');
    });
    afterEach(() => issuer.close());

    test('a login becomes a credential for the key that was proven', async () => {
      const enrolment = await issuer.begin(ada);
      expect(await issuer.status(enrolment)).toEqual({ status: 'waiting' });
      const done = await issuer.logIn(enrolment);
      expect(done.status).toBe(200);
      expect(done.body).toContain('type this code into your terminal');
      const { status, credential } = await issuer.status(enrolment);
      expect(status).toBe('issued');
      const statement = credentialIn(credential);
      expect((await verifyStatement(statement, verifySignature)).ok).toBe(true);
      expect(statement.document).toMatchObject({
        issuer: issuer.signer.did,
        validFrom: '2026-06-01T12:00:00Z',
        validUntil: '2027-06-01T12:00:00Z',
        credentialSubject: {
          id: ada.did,
          // When the person logged in, not when the token was made.
          verification: {
            framework: 'nist-800-63-4',
            level: 'IAL2',
            method: 'good+mfa',
            verifiedAt: '2026-06-01T11:59:00Z',
          },
        },
      });
      expect(statement.document.credentialSubject).not.toHaveProperty('expertise');
      // Asking again, and loading the page again, change nothing.
      expect((await issuer.status(enrolment)).credential).toBe(credential);
      expect((await issuer.fetch(`/enrol/${enrolment.id}`)).body).toContain('Done');
    });

    test('the same person has the same nullifier with every key, and another has another', async () => {
      const nullifierOf = async (person: string, sub: string): Promise<string> => {
        issuer.good.twist = { claims: { sub } };
        const enrolment = await issuer.begin(await signerOf(person));
        await issuer.logIn(enrolment);
        return credentialIn((await issuer.status(enrolment)).credential).document.credentialSubject.nullifier;
      };
      const first = await nullifierOf('ada', 'one');
      expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(await nullifierOf('ada-2', 'one')).toBe(first);
      expect(await nullifierOf('bob', 'two')).not.toBe(first);
      const rows = await issuer.database.all(sql`SELECT nullifier FROM credentials`.compile(db));
      expect(rows).toHaveLength(3);
    });

    test('the same name at another provider is another person', async () => {
      const at = async (which: 'good' | 'other'): Promise<string> => {
        const [enrolment, browser] = [await issuer.begin(ada), new Browser()];
        const page = await issuer.back(issuer[which].login(await issuer.start(enrolment, browser, which)), browser);
        await issuer.confirm(enrolment, codeOn(page));
        return credentialIn((await issuer.status(enrolment)).credential).document.credentialSubject.nullifier;
      };
      expect(await at('good')).not.toBe(await at('other'));
    });

    test('rules are tried in order; a login that none takes is refused, and another may follow', async () => {
      const enrolment = await issuer.begin(ada);
      issuer.good.twist = { claims: { acr: '0', email_verified: false } };
      const refused = await issuer.logIn(enrolment);
      expect(refused.status).toBe(403);
      expect(refused.body).toContain('does not prove enough');
      expect(await issuer.status(enrolment)).toMatchObject({ status: 'waiting', refusal: { code: 'no-rule' } });
      issuer.good.twist = { claims: { acr: '0', auth_time: undefined, groups: ['staff', 'radiologists'] } };
      await issuer.logIn(enrolment);
      const { credentialSubject } = credentialIn((await issuer.status(enrolment)).credential).document;
      expect(credentialSubject.verification).toEqual({
        framework: 'oidc',
        level: 'verified-login',
        method: 'good',
        verifiedAt: '2026-06-01T12:00:00Z',
      });
      expect(credentialSubject.expertise).toEqual([{ field: 'radiology', basis: 'employment' }]);
    });

    test('the page is plain, accessible and locked down', async () => {
      const [enrolment, browser] = [await issuer.begin(ada), new Browser()];
      const { status, headers, body } = await issuer.fetch(`/enrol/${enrolment.id}`, { browser });
      expect(status).toBe(200);
      expect(headers.get('Content-Security-Policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
      expect(headers.get('Cache-Control')).toBe('no-store');
      expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
      expect(body).not.toMatch(/<script|javascript:| on[a-z]+=/i);
      expect(body).toContain('lang="en"');
      expect(body).toContain('<legend>Where</legend>');
      expect(body).toContain('Not stored');
      expect(body).toContain(fingerprintOf(ada.did));
      expect(body).toContain('Good &lt;login&gt; &amp; co');
      expect(browser.set).toHaveLength(1);
      expect(browser.set[0]).toMatch(
        /^__Host-firsthand-[\w-]{22}=[\w-]{43}; Max-Age=900; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
    });

    /** Logged in, and not confirmed: what the browser shows. */
    const loggedIn = async (enrolment: Enrolment, browser = new Browser()): Promise<string> =>
      codeOn(await issuer.back(issuer.good.login(await issuer.start(enrolment, browser)), browser));

    test('nothing is issued before the code is typed where the enrolment was begun, in any case and dash or not', async () => {
      const [enrolment, browser] = [await issuer.begin(ada), new Browser()];
      expect(await issuer.confirm(enrolment, 'BBBB-BBBB')).toMatchObject({ status: 400 });
      const code = await loggedIn(enrolment, browser);
      expect(await issuer.status(enrolment)).toEqual({ status: 'confirming' });
      expect(await issuer.database.all(sql`SELECT * FROM credentials`.compile(db))).toEqual([]);
      // The browser that logged in sees it again; whoever has the address alone does not.
      expect(codeOn(await issuer.fetch(`/enrol/${enrolment.id}`, { browser }))).toBe(code);
      for (const other of [new Browser(), undefined]) {
        const page = await issuer.fetch(`/enrol/${enrolment.id}`, other === undefined ? {} : { browser: other });
        expect(page.body).not.toContain(code);
      }
      const wrong = await issuer.confirm(enrolment, 'BBBB-BBBB');
      expect(wrong).toMatchObject({ status: 200, body: { status: 'confirming', refusal: { code: 'wrong-code' } } });
      const right = await issuer.confirm(enrolment, ` ${code.toLowerCase().replace('-', '')} `);
      expect(right).toMatchObject({ status: 200, body: { status: 'issued' } });
      // An answer that was lost is given again.
      expect((await issuer.confirm(enrolment, code)).body).toEqual(right.body);
      const [row] = await issuer.database.all<EnrolmentRow>(sql`SELECT * FROM enrolments`.compile(db));
      expect(row).toMatchObject({ code: null, browser_hash: null, verified: null });
    });

    test('a code serves for its own login, for ten minutes, and is not guessed', async () => {
      const enrolment = await issuer.begin(ada);
      const first = await loggedIn(enrolment);
      const second = await loggedIn(enrolment);
      expect(second).not.toBe(first);
      expect((await issuer.confirm(enrolment, first)).body).toMatchObject({ refusal: { code: 'wrong-code' } });
      const eve = await issuer.begin(await signerOf('eve'));
      await loggedIn(eve);
      for (let i = 0; i < 4; i++) expect((await issuer.confirm(eve, second)).status).toBe(200);
      expect((await issuer.confirm(eve, second)).status).toBe(403);
      expect((await issuer.confirm(eve, second)).status).toBe(404);
      issuer.pass(10 * 60_000);
      expect((await issuer.confirm(enrolment, second)).status).toBe(404);
    });

    test('who is banned gets nothing: neither a code, nor a credential for one that they have already', async () => {
      const enrolment = await issuer.begin(ada);
      const code = await loggedIn(enrolment);
      const [row] = await issuer.database.all<EnrolmentRow>(sql`SELECT * FROM enrolments`.compile(db));
      const { nullifier } = JSON.parse(row?.verified ?? '') as { nullifier: string };
      const bans = createBans(issuer.database, issuer.now);
      expect([await bans.ban(nullifier), await bans.ban(nullifier)]).toEqual([true, false]);
      const late = await issuer.confirm(enrolment, code);
      expect(late).toMatchObject({ status: 403, body: { code: 'not-entitled' } });
      expect(late.body['detail']).toContain('gives no credentials');
      const again = await issuer.begin(await signerOf('another key'));
      const page = await issuer.logIn(again);
      expect([page.status, page.body]).toEqual([403, expect.stringContaining('gives no credentials')]);
      expect(await issuer.status(again)).toMatchObject({ status: 'waiting', refusal: { code: 'banned' } });
      expect(await issuer.database.all(sql`SELECT * FROM credentials`.compile(db))).toEqual([]);
      expect(await bans.list()).toEqual([{ nullifier, bannedAt: '2026-06-01T12:00:00Z' }]);
      expect([await bans.lift(nullifier), await bans.lift(nullifier)]).toEqual([true, false]);
      expect((await issuer.logIn(again)).status).toBe(200);
      expect((await issuer.status(again)).status).toBe('issued');
    });

    test('one network does not use up everybody’s enrolments, and is not remembered', async () => {
      const from = async (address: string, person: string) => {
        const init = { method: 'POST', body: JSON.stringify({ did: (await signerOf(person)).did }) };
        const headers = { 'Content-Type': 'application/json', 'X-Test-Address': address };
        return (await issuer.fetch('/enrolments', { ...init, headers })).status;
      };
      for (let i = 0; i < 30; i++) expect(await from(`2001:db8:1:2::${i + 1}`, `flood ${i}`)).toBe(201);
      expect(await from('2001:db8:1:2:ffff::', 'one more')).toBe(429);
      expect(await from('2001:db8:1:3::1', 'neighbour')).toBe(201);
      const kept = JSON.stringify([
        issuer.events,
        await issuer.database.all(sql`SELECT * FROM enrolments`.compile(db)),
      ]);
      expect(kept).not.toContain('2001:');
    });

    test('enrolments end, are swept, and leave nothing behind', async () => {
      const enrolment = await issuer.begin(ada);
      await issuer.start(enrolment, new Browser());
      issuer.pass(15 * 60_000);
      expect((await issuer.api(`/enrolments/${enrolment.id}`, undefined, enrolment.pollToken)).status).toBe(404);
      expect((await issuer.fetch(`/enrol/${enrolment.id}`)).status).toBe(404);
      await sweepEnrolments(issuer.database, issuer.now());
      for (const table of ['enrolments', 'logins', 'credentials']) {
        expect(await issuer.database.all(sql`SELECT * FROM ${sql.table(table)}`.compile(db))).toEqual([]);
      }
    });

    test('one key is not enrolled ten times a minute, and others are', async () => {
      for (let i = 0; i < 10; i++) await issuer.begin(ada, { prove: false });
      const refused = await issuer.api('/enrolments', { did: ada.did });
      expect(refused).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
      await issuer.begin(await signerOf('bob'));
      issuer.pass(60_000);
      await issuer.begin(ada);
    });

    test('says who it is, and names what is wrong with a request', async () => {
      expect((await issuer.api('/issuer.json')).body).toEqual({
        issuer: 'firsthand/v1',
        url: ISSUER,
        did: issuer.signer.did,
        name: CONFIG.name,
        providers: [
          { name: 'good', title: 'Good <login> & co' },
          { name: 'other', title: 'Other' },
        ],
      });
      expect(Object.keys((await issuer.api('/openapi.json')).body['paths'] as object)).toContain('/people/enrolments');
      const cases: [unknown, number, string][] = [
        [{ did: 'did:key:x' }, 400, '/did'],
        [{ did: ada.did, name: 'Ada' }, 400, 'name'],
        [{ did: ada.did, provider: 'none' }, 400, 'good, other'],
        // A point of small order: a key for which anybody can sign.
        [{ did: 'did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP' }, 422, 'key new'],
      ];
      for (const [body, status, detail] of cases) {
        const answer = await issuer.api('/enrolments', body);
        expect([answer.status, answer.body['detail']]).toEqual([status, expect.stringContaining(detail)]);
      }
      expect((await issuer.fetch('/nowhere')).headers.get('Content-Type')).toBe('application/problem+json');
      expect((await issuer.fetch('/enrol/a/b/c')).headers.get('Content-Type')).toMatch(/^text\/html/);
    });

    test('asks a provider once in ten minutes who it is, and each time for its keys', async () => {
      for (const person of ['ada', 'bob']) await issuer.logIn(await issuer.begin(await signerOf(person)));
      const asked = (path: string): number => issuer.fetched.filter((url) => url === `${GOOD}${path}`).length;
      expect([asked('/.well-known/openid-configuration'), asked('/jwks'), asked('/token')]).toEqual([1, 2, 2]);
      issuer.pass(10 * 60_000);
      await issuer.logIn(await issuer.begin(ada));
      expect(asked('/.well-known/openid-configuration')).toBe(2);
      expect(issuer.fetched.every((url) => url.startsWith(GOOD))).toBe(true);
    });

    test('keeps nothing of the person: not in the database, not in the log, not in the credential', async () => {
      const enrolment = await issuer.begin(ada);
      await issuer.logIn(enrolment);
      issuer.good.twist = { claims: { email_verified: false, acr: '' } };
      await issuer.logIn(await issuer.begin(await signerOf('bob')));
      const tables = ['enrolments', 'logins', 'credentials'].map((table) =>
        issuer.database.all(sql`SELECT * FROM ${sql.table(table)}`.compile(db)),
      );
      const kept = JSON.stringify([await Promise.all(tables), issuer.events, await issuer.status(enrolment)]);
      for (const secret of [PERSON.sub, PERSON.name, PERSON.email, 'Lovelace', enrolment.pollToken]) {
        expect(kept).not.toContain(secret);
      }
      expect(kept).toContain('login-refused');
      expect(JSON.stringify(issuer.events)).not.toContain(enrolment.id);
      const stored = await issuer.database.all(sql`SELECT * FROM credentials`.compile(db));
      expect(stored.map((row) => Object.keys(row as object))).toEqual([['id', 'nullifier', 'issued_at']]);
    });

    test('a proof is for this issuer, this key and this challenge', async () => {
      const enrolment = await issuer.begin(ada, { prove: false });
      const eve = await signerOf('eve');
      const earlier = await issuer.begin(ada);
      const frames: [Signer, Uint8Array<ArrayBuffer>][] = [
        [eve, possessionMessage(ISSUER, ada.did, enrolment.challenge)],
        [ada, possessionMessage('https://evil.example', ada.did, enrolment.challenge)],
        [ada, possessionMessage(ISSUER, eve.did, enrolment.challenge)],
        [ada, possessionMessage(ISSUER, ada.did, earlier.challenge)],
        [ada, new TextEncoder().encode(enrolment.challenge)],
      ];
      for (const [signer, message] of frames) {
        const proof = { signature: toBase64Url(await signer.sign(message)) };
        const refused = await issuer.api(`/enrolments/${enrolment.id}/proof`, proof, enrolment.pollToken);
        expect(refused).toMatchObject({ status: 422, body: { code: 'invalid-signature' } });
      }
      expect((await issuer.status(enrolment)).status).toBe('unproven');
      expect((await issuer.fetch(`/enrol/${enrolment.id}`)).body).toContain('not ready yet');
    });
  });
}
