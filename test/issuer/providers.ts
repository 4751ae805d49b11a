import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Enrolment } from '../../schemas/issuer.ts';
import { signerOf } from '../support/statements.ts';
import { Browser, GOOD, OTHER, submitForm, type IssuerUnderTest, type OpenIssuer } from './harness.ts';
import type { Twist } from './provider.ts';

/** Providers that lead elsewhere, or answer too much: none of it is followed, and all of it ends. */
export function describeProviders(name: string, open: OpenIssuer): void {
  describe(`${name}: hostile providers`, () => {
    let issuer: IssuerUnderTest;
    let enrolment: Enrolment;
    beforeEach(async () => {
      issuer = await open();
      enrolment = await issuer.begin(await signerOf('ada'));
    });
    afterEach(() => issuer.close());

    const isUnavailable = async (): Promise<void> => {
      expect(await issuer.status(enrolment)).toMatchObject({
        status: 'waiting',
        refusal: { code: 'provider-unavailable' },
      });
    };

    describe('what a provider answers', () => {
      const answers: [string, Twist][] = [
        ['a document of another issuer', { metadata: { issuer: OTHER } }],
        ['a document of an equivalent issuer', { metadata: { issuer: `${GOOD}/` } }],
        ['a token endpoint inside the network', { metadata: { token_endpoint: 'http://169.254.169.254/latest' } }],
        ['a token endpoint at another host', { metadata: { token_endpoint: 'https://elsewhere.example/token' } }],
        ['keys on this machine', { metadata: { jwks_uri: 'http://127.0.0.1:8787/jwks' } }],
        ['keys in a file', { metadata: { jwks_uri: 'file:///etc/passwd' } }],
        ['a login page that is a script', { metadata: { authorization_endpoint: 'javascript:alert(1)' } }],
        ['a user in an endpoint', { metadata: { jwks_uri: 'https://a:b@login.good.example/jwks' } }],
        ['no endpoints', { metadata: { token_endpoint: undefined } }],
        ['unsafe algorithms alone', { metadata: { id_token_signing_alg_values_supported: ['none', 'HS256'] } }],
        ['a redirect', { answer: () => Response.redirect('http://169.254.169.254/', 302) }],
        ['a document without end', { answer: () => new Response(endless(), { headers: JSON_TYPE }) }],
        ['no JSON', { answer: () => new Response('<html>', { headers: JSON_TYPE }) }],
        ['an error', { answer: () => new Response('down', { status: 500 }) }],
      ];

      test.each(answers)('%s', async (_, twist) => {
        issuer.good.twist = twist;
        const browser = new Browser();
        const page = await issuer.fetch(`/enrol/${enrolment.id}`, { browser });
        const sent = await submitForm(issuer, page.body, browser, { provider: 'good' });
        expect(sent.status).toBe(502);
        await isUnavailable();
        expect(issuer.fetched).toEqual([`${GOOD}/.well-known/openid-configuration`]);
      });

      test.each([
        ['/token', 'a redirect', () => Response.redirect(`${GOOD}/token?again`, 307)],
        ['/token', 'an answer without end', () => new Response(endless(), { headers: JSON_TYPE })],
        ['/jwks', 'a redirect', () => Response.redirect(`${GOOD}/jwks?again`, 302)],
        ['/jwks', 'an answer without end', () => new Response(endless(), { headers: JSON_TYPE })],
      ])('%s: %s', async (path, _, answer) => {
        issuer.good.twist = { answer: (asked) => (asked === path ? answer() : null) };
        expect((await issuer.logIn(enrolment)).status).toBe(502);
        await isUnavailable();
      });
    });
  });
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

const endless = (): ReadableStream<Uint8Array> =>
  new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)) });
