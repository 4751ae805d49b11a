import { IssuerConfig } from '../../schemas/issuer-config.ts';
import { parseJson } from '../../protocol/json.ts';
import { signerFromSeed } from '../../protocol/ed25519/signer.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { issuesOf } from '../../protocol/statement.ts';
import { durationMs } from '../../protocol/time.ts';
import type { App } from '../http/route.ts';
import { createIssuerApp } from '../issuer/app.ts';
import { withSecrets } from '../issuer/deps.ts';
import { secretOf, type IssuerBindings } from './bindings.ts';
import { createD1 } from './d1.ts';

/** The issuer app that the bindings configure; null where they configure none. */
export async function openIssuer(bindings: IssuerBindings): Promise<{ app: App; url: string } | null> {
  const { ISSUER_CONFIG, ISSUER_DB, ENROL_LIMIT, WRITE_LIMIT } = bindings;
  if (ISSUER_CONFIG === undefined) return null;
  const config = readConfig(ISSUER_CONFIG);
  if (config.url === undefined) throw new Error('ISSUER_CONFIG: url is missing; a Worker cannot know its own address');
  if (ISSUER_DB === undefined || ENROL_LIMIT === undefined) {
    throw new Error('ISSUER_CONFIG is set, but ISSUER_DB or ENROL_LIMIT is not bound; see wrangler.toml');
  }
  const app = createIssuerApp({
    database: createD1(ISSUER_DB),
    name: config.name,
    url: config.url,
    validity: durationMs(config.validity),
    providers: withSecrets(config, ({ name, clientSecretEnv, clientSecretFile }) => {
      if (clientSecretFile !== undefined)
        throw new Error(`ISSUER_CONFIG: "${name}": a Worker has no files; use clientSecretEnv`);
      if (clientSecretEnv === undefined) return null;
      const secret = new Map<string, unknown>(Object.entries(bindings)).get(clientSecretEnv);
      if (typeof secret === 'string' && secret !== '') return secret;
      throw new Error(`secret ${clientSecretEnv} is missing; set it with: wrangler secret put ${clientSecretEnv}`);
    }),
    signer: await signerFromSeed(secretOf(bindings, 'ISSUER_KEY')),
    nullifierSecret: secretOf(bindings, 'ISSUER_NULLIFIER_KEY'),
    verify: verifySignature,
    limits: {
      all: async (key) => (await WRITE_LIMIT.limit({ key })).success,
      network: async (key) => (await ENROL_LIMIT.limit({ key })).success,
      key: async (key) => (await ENROL_LIMIT.limit({ key })).success,
    },
    // Set by Cloudflare on every request, whatever the client sent.
    addressOf: (c) => c.req.header('CF-Connecting-IP') ?? null,
    // Called as a plain function: workerd refuses a fetch with another `this`.
    fetch: (input, init) => fetch(input, init),
    now: Date.now,
    log: (event) => console.log(JSON.stringify(event)),
  });
  return { app, url: config.url };
}

function readConfig(text: string): IssuerConfig {
  const json = parseJson(text);
  if (!json.ok) throw new Error(`ISSUER_CONFIG is ${json.reason.detail}`);
  const parsed = IssuerConfig.safeParse(json.value);
  if (parsed.success) return parsed.data;
  throw new Error(
    `ISSUER_CONFIG: ${issuesOf(parsed.error)
      .map(({ path, message }) => `${path} ${message}`)
      .join('; ')}`,
  );
}
