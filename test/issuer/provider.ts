import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTHeaderParameters } from 'jose';
import { sha256Bytes } from '../../protocol/digest.ts';
import { fromUtf8, toBase64Url, utf8 } from '../../protocol/bytes.ts';

export const CLIENT_ID = 'firsthand-issuer';
export const CLIENT_SECRET = 'a client secret: ö %';

/** Somebody who logs in, with more about them than anybody asked for. */
export const PERSON = {
  sub: 'sub-4711-ada',
  name: 'Ada Lovelace',
  email: 'ada@person.example',
  email_verified: true,
  acr: 'urn:example:mfa',
  amr: ['pwd', 'otp'],
};

interface Key {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  jwk: Record<string, unknown>;
}

async function newKey(kid: string, alg = 'RS256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
}

/** The first key of each: made once, since RSA keys take long to make. */
const FIRST = new Map<string, Key>();

/** What a hostile or broken provider does otherwise; everything else it does right. */
export interface Twist {
  claims?: Record<string, unknown>;
  header?: Partial<JWTHeaderParameters>;
  /** Signs with this key instead. */
  key?: Key;
  /** Makes the token from what it should have said. */
  token?: (claims: Record<string, unknown>, header: JWTHeaderParameters) => string | Promise<string>;
  metadata?: Record<string, unknown>;
  /** Answers a request in its place; null leaves it to the provider. */
  answer?: (path: string) => Response | null | Promise<Response | null>;
}

/** An OpenID Connect provider in this process: real signatures, real PKCE, and a twist on demand. */
export class TestProvider {
  readonly issuer: string;
  readonly now: () => number;
  readonly requests: string[] = [];
  keys: Key[] = [];
  twist: Twist = {};
  readonly #codes = new Map<string, { challenge: string; nonce: string; redirectUri: string }>();

  constructor(issuer: string, now: () => number) {
    this.issuer = issuer;
    this.now = now;
  }

  static async open(issuer: string, now: () => number): Promise<TestProvider> {
    const provider = new TestProvider(issuer, now);
    let key = FIRST.get(issuer);
    if (key === undefined) FIRST.set(issuer, (key = await newKey('first')));
    provider.keys = [key];
    return provider;
  }

  async rotate(alg = 'RS256'): Promise<Key> {
    const [old] = this.keys.splice(0, 1, await newKey(`key-${this.requests.length}`, alg));
    return old as Key;
  }

  /** The person logs in: where the provider sends their browser, from where the issuer sent it. */
  login(authorizationUrl: string): URL {
    const asked = new URL(authorizationUrl).searchParams;
    const read = (name: string): string => {
      const value = asked.get(name);
      if (value === null) throw new Error(`the authorization request has no ${name}`);
      return value;
    };
    if (read('code_challenge_method') !== 'S256' || read('response_type') !== 'code') throw new Error('no PKCE');
    const code = `code-${crypto.randomUUID()}`;
    this.#codes.set(code, {
      challenge: read('code_challenge'),
      nonce: read('nonce'),
      redirectUri: read('redirect_uri'),
    });
    const back = new URL(read('redirect_uri'));
    back.search = String(new URLSearchParams({ code, state: read('state'), iss: this.issuer }));
    return back;
  }

  fetch = async (input: string, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input);
    this.requests.push(`${init.method ?? 'GET'} ${url.pathname}`);
    const twisted = (await this.twist.answer?.(url.pathname)) ?? null;
    if (twisted !== null) return twisted;
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return Response.json({
          issuer: this.issuer,
          authorization_endpoint: `${this.issuer}/authorize`,
          token_endpoint: `${this.issuer}/token`,
          jwks_uri: `${this.issuer}/jwks`,
          id_token_signing_alg_values_supported: ['RS256', 'ES256', 'HS256', 'none'],
          authorization_response_iss_parameter_supported: true,
          response_types_supported: ['code'],
          ...this.twist.metadata,
        });
      case '/jwks':
        return Response.json({ keys: this.keys.map(({ jwk }) => jwk) });
      case '/token':
        return this.#token(
          new URLSearchParams(fromUtf8(new Uint8Array(await new Response(init.body ?? null).arrayBuffer())) ?? ''),
          init,
        );
      default:
        return new Response('no such page', { status: 404 });
    }
  };

  async #token(form: URLSearchParams, { headers }: RequestInit): Promise<Response> {
    const begun = this.#codes.get(form.get('code') ?? '');
    // A code serves once (OAuth 2.0 §4.1.2).
    this.#codes.delete(form.get('code') ?? '');
    const basic = atob((new Headers(headers).get('authorization') ?? '').replace(/^Basic /, ''));
    // Each of the two is form-encoded (OAuth 2.0 §2.3.1).
    const credentials = basic.split(':').map((word) => new URLSearchParams(`x=${word}`).get('x'));
    if (credentials[0] !== CLIENT_ID || credentials[1] !== CLIENT_SECRET) {
      return Response.json({ error: 'invalid_client', error_description: PERSON.email }, { status: 401 });
    }
    const challenge = toBase64Url(sha256Bytes(utf8(form.get('code_verifier') ?? '')));
    if (begun?.challenge !== challenge || form.get('redirect_uri') !== begun.redirectUri) {
      return Response.json({ error: 'invalid_grant', error_description: PERSON.name }, { status: 400 });
    }
    return Response.json({
      access_token: 'unused',
      token_type: 'Bearer',
      id_token: await this.#idToken(begun.nonce),
    });
  }

  async #idToken(nonce: string): Promise<string> {
    const seconds = Math.floor(this.now() / 1000);
    const claims = {
      ...PERSON,
      iss: this.issuer,
      aud: CLIENT_ID,
      nonce,
      iat: seconds,
      exp: seconds + 300,
      auth_time: seconds - 60,
      ...this.twist.claims,
    };
    const key = this.twist.key ?? this.keys[0];
    if (key === undefined) throw new Error('the provider has no key');
    const header: JWTHeaderParameters = { alg: key.alg, kid: key.kid, ...this.twist.header };
    if (this.twist.token !== undefined) return this.twist.token(claims, header);
    return new SignJWT(claims).setProtectedHeader(header).sign(key.privateKey);
  }
}
