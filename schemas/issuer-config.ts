import * as z from 'zod';
import { FrameworkName, isLevelOf, LevelName } from './frameworks.ts';
import { ProviderName } from './issuer.ts';
import { Duration } from './policy.ts';
import { HttpUrl, line, Term } from './primitives.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a URL is of this machine only: the one place where http will do. */
export const isLoopback = ({ protocol, hostname }: URL): boolean => protocol === 'http:' && LOOPBACK.has(hostname);

const isPlain = ({ username, password, search, hash }: URL): boolean => `${username}${password}${search}${hash}` === '';

/** An https URL without user, query and fragment; http on loopback. */
const SecureUrl = HttpUrl.refine((text) => {
  const url = URL.parse(text);
  return url !== null && isPlain(url) && (url.protocol === 'https:' || isLoopback(url));
}, 'expected an https URL without query and fragment (http on loopback only)');

const Value = z.union([z.string().max(500), z.number(), z.boolean()]);
const Words = z.array(z.string().min(1).max(500)).min(1).max(32);

/** What an ID token must say. Every condition that is given must hold; none given matches every login. */
export const Condition = z.strictObject({
  /** The authentication context class is one of these (OpenID Connect Core §2, `acr`). */
  acr: Words.optional(),
  /** All of these methods were used (`amr`, RFC 8176). */
  amr: Words.optional(),
  /** The claim is, or its list contains, one of these values. */
  claims: z.record(z.string().min(1).max(200), z.union([Value, z.array(Value).min(1).max(64)])).optional(),
});
export type Condition = z.infer<typeof Condition>;

const Rule = z
  .strictObject({ when: Condition, framework: FrameworkName, level: LevelName, method: Term })
  .refine((rule) => isLevelOf(rule.framework, rule.level), { path: ['level'], error: 'not a level of this framework' });

/** Words of the issuer's own: nothing of what a claim says can get into a credential. */
const ExpertiseRule = z.strictObject({
  when: Condition,
  field: Term,
  basis: Term,
  authority: line(200).optional(),
  jurisdiction: z
    .string()
    .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'expected ISO 3166, as US or US-CA')
    .optional(),
});

/** Signatures on ID tokens that are taken: asymmetric ones, never `none` (RFC 8725 §3.1, §3.2). */
export const ID_TOKEN_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'] as const;

/** An OpenID Connect provider that people may log in at. */
export const Provider = z
  .strictObject({
    name: ProviderName,
    title: line(100),
    /** Its issuer identifier, exactly as it writes it itself: nothing else is ever fetched, but what it names there. */
    issuer: SecureUrl,
    clientId: line(500),
    /** Where the client's secret is; neither for a public client. */
    clientSecretFile: z.string().min(1).max(4096).optional(),
    clientSecretEnv: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'expected the name of an environment variable')
      .optional(),
    clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post']).default('client_secret_basic'),
    /** Origins besides the issuer's own where its endpoints may be, as `https://oauth2.googleapis.com`. */
    endpoints: z
      .array(
        SecureUrl.refine(
          (text) => URL.parse(text)?.origin === text,
          'expected an origin, as https://login.example, without a path',
        ),
      )
      .max(8)
      .default([]),
    scope: z
      .string()
      .max(500)
      .regex(/^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'expected scopes, the first of which is openid')
      .default('openid'),
    acrValues: line(500).optional(),
    /** How long ago the person may have logged in there. */
    maxAge: Duration.optional(),
    /** The first that matches says what a login proves. A login that none matches is refused. */
    rules: z.array(Rule).min(1).max(64),
    expertise: z.array(ExpertiseRule).max(16).default([]),
  })
  .refine((provider) => provider.clientSecretFile === undefined || provider.clientSecretEnv === undefined, {
    path: ['clientSecretEnv'],
    error: 'the secret is in a file or in the environment, not in both',
  });
export type Provider = z.infer<typeof Provider>;

/** The name of a header that a proxy sets. */
export const HeaderName = z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'expected the name of a header, as X-Real-IP');

/** What an operator writes about an issuer app. */
export const IssuerConfig = z.strictObject({
  name: line(200),
  /** The address that people and clients reach it at, without a slash at its end. Never taken from a request. */
  url: SecureUrl.refine((url) => !url.endsWith('/'), 'leave out the slash at its end').optional(),
  /** On Node behind a proxy: the header in which it says, and nobody else can say, where a request came from. */
  clientAddressHeader: HeaderName.optional(),
  /** How long its credentials hold. */
  validity: Duration.default('365d'),
  providers: z
    .array(Provider)
    .min(1)
    .max(32)
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'names one provider twice'),
});
export type IssuerConfig = z.infer<typeof IssuerConfig>;
