import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  clockSkew,
  Configuration,
  customFetch,
  enableNonRepudiationChecks,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  type IDToken,
  type ServerMetadata,
} from 'openid-client';
import { isLoopback } from '../../schemas/issuer-config.ts';
import type { LoginRefusal } from '../../schemas/issuer.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { durationMs } from '../../protocol/time.ts';
import { boundedFetch, unreachableIn } from './bounded-fetch.ts';
import type { ConfiguredProvider, IssuerDeps } from './deps.ts';

/** What must be remembered between sending a browser to a provider and its coming back. */
export interface Login {
  state: string;
  nonce: string;
  codeVerifier: string;
}

/** A provider's own address to be sent back to, so that an answer cannot be taken for another's (RFC 9700 §4.4.2.2). */
const redirectUri = (issuerUrl: string, provider: string): string => `${issuerUrl}/enrol/callback/${provider}`;

/** Where to send the browser: authorization code flow (OpenID Connect Core §3.1.2.1) with PKCE S256 (RFC 7636). */
export async function beginLogin(
  provider: ConfiguredProvider,
  metadata: ServerMetadata,
  state: string,
  deps: IssuerDeps,
): Promise<{ url: URL; login: Login }> {
  const login = { state, nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() };
  const url = buildAuthorizationUrl(configurationOf(provider, metadata, deps), {
    redirect_uri: redirectUri(deps.url, provider.name),
    scope: provider.scope,
    state,
    nonce: login.nonce,
    code_challenge: await calculatePKCECodeChallenge(login.codeVerifier),
    code_challenge_method: 'S256',
    // Whoever was sent here by a stranger sees a login page, even where a session would have let them pass in silence.
    prompt: 'login',
    ...(provider.acrValues === undefined ? {} : { acr_values: provider.acrValues }),
    ...(provider.maxAge === undefined ? {} : { max_age: String(durationMs(provider.maxAge) / 1000) }),
  });
  return { url, login };
}

/** Why a login was refused, and in which of the checks: a word of the library's, which quotes nothing it was sent. */
export interface Refused {
  code: LoginRefusal;
  check: string;
}

/**
 * Judges what a provider sent the browser back with, trades the code for an ID token and checks that in full (OpenID
 * Connect Core §3.1.3.7): its issuer, audience, authorised party, times, nonce, algorithm and signature. The provider's
 * keys are fetched for every login, so one that it rotated out is not taken a moment longer.
 */
export async function finishLogin(
  provider: ConfiguredProvider,
  metadata: ServerMetadata,
  { state, nonce, codeVerifier }: Login,
  answer: URLSearchParams,
  deps: IssuerDeps,
): Promise<Result<IDToken, Refused>> {
  if (isMixedUp(metadata, answer)) return refuse({ code: 'login-mixed-up', check: 'iss' });
  const configuration = configurationOf(provider, metadata, deps);
  const url = new URL(`${redirectUri(deps.url, provider.name)}?${answer}`);
  try {
    const tokens = await authorizationCodeGrant(configuration, url, {
      pkceCodeVerifier: codeVerifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
      ...(provider.maxAge === undefined ? {} : { maxAge: durationMs(provider.maxAge) / 1000 }),
    });
    const claims = tokens.claims();
    if (claims === undefined) return refuse({ code: 'id-token-invalid', check: 'missing' });
    const fault = faultOf(claims, provider, deps.now() / 1000);
    return fault === null ? ok(claims) : refuse({ code: 'id-token-invalid', check: fault });
  } catch (error) {
    return refuse(refusalOf(error));
  }
}

/** Whether an answer comes from another issuer than it was asked of (RFC 9207 §2.4): then its code goes nowhere. */
function isMixedUp(metadata: ServerMetadata, answer: URLSearchParams): boolean {
  const named = answer.getAll('iss');
  if (named.length === 0) return metadata['authorization_response_iss_parameter_supported'] === true;
  return named.length > 1 || named[0] !== metadata.issuer;
}

/** Seconds by which a provider's clock may differ. */
const TOLERANCE = 30;

/** What the library leaves open. Null where there is nothing against the token. */
function faultOf({ sub, azp, iat, auth_time: authTime }: IDToken, { clientId }: ConfiguredProvider, now: number) {
  // Core §2: 255 ASCII characters at most; nothing else could be told apart for certain.
  // oxlint-disable-next-line no-control-regex
  if (!/^[\x00-\x7f]{1,255}$/.test(sub)) return 'sub';
  // Core §3.1.3.7 item 5, of a token with one audience too.
  if (azp !== undefined && azp !== clientId) return 'azp';
  if (iat > now + TOLERANCE) return 'iat';
  if (authTime !== undefined && authTime > now + TOLERANCE) return 'auth_time';
  return null;
}

function configurationOf(provider: ConfiguredProvider, metadata: ServerMetadata, deps: IssuerDeps): Configuration {
  const { clientSecret } = provider;
  const authentication =
    clientSecret === null
      ? None()
      : provider.clientAuthentication === 'client_secret_post'
        ? ClientSecretPost(clientSecret)
        : ClientSecretBasic(clientSecret);
  const configuration = new Configuration(
    metadata,
    provider.clientId,
    { [clockSkew]: Math.round((deps.now() - Date.now()) / 1000) },
    authentication,
  );
  configuration[customFetch] = boundedFetch(provider, deps.fetch);
  // The library takes a token's origin from TLS alone unless told to check its signature.
  enableNonRepudiationChecks(configuration);
  if (isLoopback(new URL(provider.issuer))) allowInsecureRequests(configuration);
  return configuration;
}

/** The library's failures as ours. Their causes hold claims, so nothing but a code leaves this function. */
function refusalOf(error: unknown): Refused {
  const unreachable = unreachableIn(error);
  if (unreachable !== null) return { code: 'provider-unavailable', check: unreachable.message };
  if (error instanceof AuthorizationResponseError) {
    return { code: error.error === 'access_denied' ? 'login-denied' : 'provider-refused', check: error.code };
  }
  if (!(error instanceof ClientError) || error.code === undefined) {
    const code = (error as { code?: unknown }).code;
    return { code: 'provider-refused', check: typeof code === 'string' ? code : 'answer' };
  }
  return { code: 'id-token-invalid', check: error.code };
}
