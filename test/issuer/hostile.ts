import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toBase64Url, utf8 } from '../../protocol/bytes.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import type { Enrolment } from '../../schemas/issuer.ts';
import { signerOf } from '../support/statements.ts';
import { Browser, GOOD, ISSUER, OTHER, submitForm, type IssuerUnderTest, type OpenIssuer } from './harness.ts';
import { CLIENT_ID, CLIENT_SECRET, type Twist } from './provider.ts';

const part = (value: unknown): string => toBase64Url(utf8(JSON.stringify(value)));

/** What others try. */
export function describeHostile(name: string, open: OpenIssuer): void {
  describe(`${name}: hostile`, () => {
    let issuer: IssuerUnderTest;
    let ada: Signer;
    let enrolment: Enrolment;
    beforeEach(async () => {
      issuer = await open();
      ada = await signerOf('ada');
      enrolment = await issuer.begin(ada);
    });
    afterEach(() => issuer.close());

    const refusedAs = async (code: string): Promise<void> => {
      const { status, refusal, credential } = await issuer.status(enrolment);
      expect({ status, code: refusal?.code, credential }).toEqual({ status: 'waiting', code, credential: undefined });
    };

    describe('ID tokens', () => {
      const seconds = (): number => Math.floor(issuer.now() / 1000);
      const tokens: [string, () => Twist | Promise<Twist>][] = [
        ['of another issuer', () => ({ claims: { iss: OTHER } })],
        ['of an issuer that is merely equivalent', () => ({ claims: { iss: `${GOOD}/` } })],
        ['for another audience', () => ({ claims: { aud: 'somebody-else' } })],
        ['for several audiences, and no authorised party', () => ({ claims: { aud: [CLIENT_ID, 'somebody-else'] } })],
        ['for another authorised party', () => ({ claims: { aud: [CLIENT_ID, 'x'], azp: 'x' } })],
        ['for one audience and another authorised party', () => ({ claims: { azp: 'somebody-else' } })],
        ['with another nonce', () => ({ claims: { nonce: 'another' } })],
        ['without a nonce', () => ({ claims: { nonce: undefined } })],
        ['that expired', () => ({ claims: { exp: seconds() - 31 } })],
        ['without an expiry', () => ({ claims: { exp: undefined } })],
        ['made in the future', () => ({ claims: { iat: seconds() + 120 } })],
        ['of a login in the future', () => ({ claims: { auth_time: seconds() + 120 } })],
        ['not valid yet', () => ({ claims: { nbf: seconds() + 120 } })],
        ['without a subject', () => ({ claims: { sub: undefined } })],
        ['with an empty subject', () => ({ claims: { sub: '' } })],
        ['with a subject that is no text', () => ({ claims: { sub: 4711 } })],
        ['with a subject of 256 characters', () => ({ claims: { sub: 'x'.repeat(256) } })],
        ['with a subject beyond ASCII', () => ({ claims: { sub: 'ada\ud800' } })],
        ['signed by nobody', () => ({ token: (claims) => `${part({ alg: 'none' })}.${part(claims)}.` })],
        [
          'signed with the client’s secret',
          () => ({
            token: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(utf8(CLIENT_SECRET)),
          }),
        ],
        [
          'signed with the public key as a secret',
          () => ({
            token: (claims, { kid }) =>
              new SignJWT(claims)
                .setProtectedHeader({ alg: 'HS256', kid: kid as string })
                .sign(utf8(JSON.stringify(issuer.good.keys[0]?.jwk))),
          }),
        ],
        ['signed by a key that was rotated out', async () => ({ key: await issuer.good.rotate() })],
        [
          'signed by another’s key under a known name',
          () => ({ key: { ...(issuer.other.keys[0] as NonNullable<Twist['key']>), kid: 'first' } }),
        ],
        ['that brings its own key', () => ({ header: { kid: 'none', jwk: issuer.good.keys[0]?.jwk as never } })],
        [
          'with an extension that nobody knows',
          () => ({ token: (claims, h) => `${part({ ...h, crit: ['x'], x: 1 })}.${part(claims)}.AAAA` }),
        ],
        [
          'altered after it was signed',
          () => ({
            token: async (claims, header) => {
              const key = issuer.good.keys[0]?.privateKey as CryptoKey;
              const [head, , signature] = (await new SignJWT(claims).setProtectedHeader(header).sign(key)).split('.');
              return `${head}.${part({ ...claims, sub: 'another' })}.${signature}`;
            },
          }),
        ],
        ['that is none', () => ({ token: () => 'not.a.token' })],
        ['that is encrypted', () => ({ token: () => 'a.b.c.d.e' })],
      ];

      test.each(tokens)('%s', async (_, twist) => {
        const browser = new Browser();
        const back = issuer.good.login(await issuer.start(enrolment, browser));
        issuer.good.twist = await twist();
        const answer = await issuer.back(back, browser);
        expect(answer.status).toBe(403);
        await refusedAs('id-token-invalid');
      });

      test('signed by the key that was rotated in are taken at once, of either kind', async () => {
        await issuer.logIn(await issuer.begin(await signerOf('bob')));
        await issuer.good.rotate('ES256');
        expect((await issuer.logIn(enrolment)).status).toBe(200);
      });
    });

    describe('answers of the browser', () => {
      test('a login serves once: neither code nor state is taken again', async () => {
        const browser = new Browser();
        const back = issuer.good.login(await issuer.start(enrolment, browser));
        expect((await issuer.back(back, browser)).status).toBe(200);
        const { credential } = await issuer.status(enrolment);
        const asked = issuer.fetched.length;
        const again = await issuer.back(back, browser);
        expect([again.status, again.body]).toEqual([403, expect.stringContaining('used already')]);
        expect(issuer.fetched).toHaveLength(asked);
        expect((await issuer.status(enrolment)).credential).toBe(credential);
      });

      test('of two at once, one is served', async () => {
        const browser = new Browser();
        const back = issuer.good.login(await issuer.start(enrolment, browser));
        const answers = await Promise.all([issuer.back(back, browser), issuer.back(back, browser)]);
        expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403]);
      });

      test('a code of an earlier login is refused by its provider', async () => {
        const first = new Browser();
        const used = issuer.good.login(await issuer.start(enrolment, first));
        await issuer.back(used, first);
        enrolment = await issuer.begin(await signerOf('bob'));
        const browser = new Browser();
        const back = issuer.good.login(await issuer.start(enrolment, browser));
        back.searchParams.set('code', used.searchParams.get('code') as string);
        expect((await issuer.back(back, browser)).status).toBe(502);
        await refusedAs('provider-refused');
      });

      test('a state from another browser is refused, and does not disturb the one it belongs to', async () => {
        const [victim, attacker] = [new Browser(), new Browser()];
        const back = issuer.good.login(await issuer.start(enrolment, attacker));
        await issuer.fetch(`/enrol/${enrolment.id}`, { browser: victim });
        for (const browser of [victim, new Browser()]) {
          const refused = await issuer.back(back, browser);
          expect([refused.status, refused.body]).toEqual([403, expect.stringContaining('begun in this browser')]);
        }
        expect((await issuer.back(back, attacker)).status).toBe(200);
      });

      test('a state of another enrolment, a second state, or none', async () => {
        const browser = new Browser();
        const [mine, theirs] = [await issuer.begin(await signerOf('bob')), new Browser()];
        const other = issuer.good.login(await issuer.start(mine, theirs));
        const back = issuer.good.login(await issuer.start(enrolment, browser));
        const twisted = (twist: (query: URLSearchParams) => void): URL => {
          const url = new URL(back);
          twist(url.searchParams);
          return url;
        };
        const states = [
          (query: URLSearchParams) => query.set('state', other.searchParams.get('state') as string),
          (query: URLSearchParams) => query.append('state', 'second'),
          (query: URLSearchParams) => query.delete('state'),
          (query: URLSearchParams) => query.set('state', `${enrolment.id}.${'A'.repeat(43)}`),
          (query: URLSearchParams) => query.set('state', 'x'.repeat(9000)),
        ];
        for (const twist of states) expect((await issuer.back(twisted(twist), browser)).status).toBe(403);
        expect((await issuer.back(back, browser)).status).toBe(200);
      });

      test('a login that took too long', async () => {
        const browser = new Browser();
        const back = issuer.good.login(await issuer.start(enrolment, browser));
        issuer.pass(15 * 60_000);
        expect((await issuer.back(back, browser)).status).toBe(403);
      });

      test('a mixed-up provider: by its issuer parameter, by none, and by its address', async () => {
        const asked = (): number => issuer.fetched.filter((url) => url.endsWith('/token')).length;
        for (const named of [OTHER, null, '']) {
          const browser = new Browser();
          const back = issuer.good.login(await issuer.start(enrolment, browser));
          if (named === null) back.searchParams.delete('iss');
          else back.searchParams.set('iss', named);
          expect((await issuer.back(back, browser)).status).toBe(403);
          await refusedAs('login-mixed-up');
        }
        const browser = new Browser();
        const back = issuer.good.login(await issuer.start(enrolment, browser));
        const elsewhere = new URL(back.href.replace('/callback/good', '/callback/other'));
        expect((await issuer.back(elsewhere, browser)).status).toBe(403);
        expect(asked()).toBe(0);
      });

      test('a login that was cancelled is told apart, and what the provider wrote about it is not shown', async () => {
        const browser = new Browser();
        const back = issuer.good.login(await issuer.start(enrolment, browser));
        back.searchParams.delete('code');
        back.searchParams.set('error', 'access_denied');
        back.searchParams.set('error_description', '<script>alert(1)</script> ada@person.example');
        const answer = await issuer.back(back, browser);
        expect(answer.body).not.toContain('alert(1)');
        await refusedAs('login-denied');
      });
    });

    describe('the page', () => {
      test('is not posted by another site: no cookie, or no form of this browser', async () => {
        const [mine, other] = [new Browser(), new Browser()];
        const page = await issuer.fetch(`/enrol/${enrolment.id}`, { browser: mine });
        const fields = { provider: 'good' };
        const [noCookie, noForm] = [new Browser(), '<form method="post" action="/people/enrol/'];
        expect((await submitForm(issuer, page.body, noCookie, fields)).status).toBe(403);
        expect((await submitForm(issuer, `${noForm}${enrolment.id}"`, mine, fields)).status).toBe(403);
        await issuer.fetch(`/enrol/${enrolment.id}`, { browser: other });
        expect((await submitForm(issuer, page.body, other, fields)).status).toBe(403);
        expect(issuer.fetched).toEqual([]);
      });

      test('goes to the named provider alone, whatever the form says', async () => {
        enrolment = await issuer.begin(ada, { provider: 'other' });
        expect(await issuer.start(enrolment, new Browser(), 'good')).toMatch(new RegExp(`^${OTHER}/authorize`));
      });

      test('does not believe the Host header, nor a forwarded one', async () => {
        const browser = new Browser();
        const page = await issuer.fetch(`https://evil.example/people/enrol/${enrolment.id}`, {
          browser,
          headers: { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example' },
        });
        const sent = await submitForm(issuer, page.body, browser, { provider: 'good' });
        expect(sent.body).toContain(encodeURIComponent(`${ISSUER}/enrol/callback/good`));
        expect(page.body + sent.body).not.toContain('evil.example');
      });
    });

    test('a token opens its own enrolment and no other', async () => {
      const mine = await issuer.begin(await signerOf('eve'), { prove: false });
      await issuer.logIn(enrolment);
      for (const token of [mine.pollToken, 'A'.repeat(43), '', undefined]) {
        for (const path of [`/enrolments/${enrolment.id}`, `/enrolments/${'A'.repeat(22)}`]) {
          expect((await issuer.api(path, undefined, token)).status).toBe(404);
        }
      }
      const proof = { signature: 'A'.repeat(86) };
      expect((await issuer.api(`/enrolments/${enrolment.id}/proof`, proof, mine.pollToken)).status).toBe(404);
    });

    test('a key that nobody has proven to hold is not enrolled', async () => {
      const unproven = await issuer.begin(ada, { prove: false });
      const browser = new Browser();
      const page = await issuer.fetch(`/enrol/${unproven.id}`, { browser });
      expect(page.body).not.toContain('<form');
      const sent = await issuer.fetch(`/enrol/${unproven.id}`, {
        method: 'POST',
        browser,
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: 'provider=good',
      });
      expect(sent.body).toContain('not ready yet');
    });
  });
}
