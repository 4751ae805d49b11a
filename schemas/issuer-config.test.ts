import { expect, test } from 'vitest';
import { IssuerConfig } from './issuer-config.ts';

const provider = {
  name: 'campus',
  title: 'Campus',
  issuer: 'https://login.example',
  clientId: 'firsthand',
  rules: [{ when: {}, framework: 'oidc', level: 'verified-login', method: 'campus' }],
};
const config = { name: 'Issuer', providers: [provider] };

test('the least that a configuration says is enough', () => {
  expect(IssuerConfig.parse(config)).toMatchObject({
    validity: '365d',
    providers: [{ scope: 'openid', clientAuthentication: 'client_secret_basic', endpoints: [], expertise: [] }],
  });
});

const withProvider = (change: object) => ({ ...config, providers: [{ ...provider, ...change }] });
const withRule = (change: object) => withProvider({ rules: [{ ...provider.rules[0], ...change }] });

test.each([
  ['no provider', { ...config, providers: [] }, 'providers'],
  ['one provider twice', { ...config, providers: [provider, provider] }, 'providers'],
  ['an unknown field', { ...config, issuer: 'x' }, ''],
  ['an address that ends in a slash', { ...config, url: 'https://issuer.example/' }, 'url'],
  ['an address without https', { ...config, url: 'http://issuer.example' }, 'url'],
  ['a provider without https', withProvider({ issuer: 'http://login.example' }), 'providers.0.issuer'],
  ['a provider that only looks local', withProvider({ issuer: 'http://127.0.0.1.example' }), 'providers.0.issuer'],
  ['a provider with a query', withProvider({ issuer: 'https://login.example/?x' }), 'providers.0.issuer'],
  ['a provider with a user', withProvider({ issuer: 'https://a@login.example' }), 'providers.0.issuer'],
  ['an endpoint with a path', withProvider({ endpoints: ['https://x.example/y'] }), 'providers.0.endpoints.0'],
  ['a name that is no part of a path', withProvider({ name: '../x' }), 'providers.0.name'],
  ['a scope without openid', withProvider({ scope: 'email' }), 'providers.0.scope'],
  [
    'a secret in two places',
    withProvider({ clientSecretFile: 'a', clientSecretEnv: 'B' }),
    'providers.0.clientSecretEnv',
  ],
  ['no rule', withProvider({ rules: [] }), 'providers.0.rules'],
  ['a level of another framework', withRule({ level: 'IAL2' }), 'providers.0.rules.0.level'],
  ['a rule without a condition', withRule({ when: undefined }), 'providers.0.rules.0.when'],
])('%s is refused, and named', (_, value, path) => {
  const parsed = IssuerConfig.safeParse(value);
  expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toContain(path);
});
