import { createScheduledController, reset } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { IssuerBindings } from '../../worker/cloudflare/bindings.ts';
import { createD1 } from '../../worker/cloudflare/d1.ts';
import alone from '../../worker/cloudflare/issuer-main.ts';
import { remake } from '../support/remake-d1.ts';
import { signerOf } from '../support/statements.ts';
import { describeFlow } from './flow.ts';
import { openIssuerOver, type OpenIssuer } from './harness.ts';
import { describeHostile } from './hostile.ts';
import { describeProviders } from './providers.ts';

const open: OpenIssuer = async (options) => {
  await reset();
  await remake(env.ISSUER_DB, env.MIGRATIONS.issuer);
  return openIssuerOver({ database: createD1(env.ISSUER_DB), close: async () => {} }, options);
};

describeFlow('D1', open);
describeHostile('D1', open);
describeProviders('D1', open);

test('the Worker as it is deployed has the issuer beside its registry', async () => {
  await reset();
  await remake(env.ISSUER_DB, env.MIGRATIONS.issuer);
  const at = (path: string, init?: RequestInit) =>
    exports.default.fetch(new Request(`https://registry.example${path}`, init));
  const { did } = await signerOf('ada');
  expect(await (await at('/issuer/issuer.json')).json()).toMatchObject({ url: 'https://registry.example/issuer' });
  const begun = await at('/issuer/enrolments', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ did }),
  });
  expect(begun.status).toBe(201);
  expect((await at('/issuer/nothing')).status).toBe(404);
  // What is not the issuer's is the registry's.
  expect(await (await at('/openapi.json')).json()).toMatchObject({ info: { title: 'Firsthand registry' } });
});

test('a Worker of its own is the issuer and nothing else, and says so where it is not configured', async () => {
  await reset();
  await remake(env.ISSUER_DB, env.MIGRATIONS.issuer);
  const at = (path: string, bindings: IssuerBindings = env): Promise<Response> =>
    alone.fetch(new Request(`https://registry.example${path}`), bindings);
  const { ISSUER_CONFIG: _, ...rest } = env;
  expect((await at('/issuer/issuer.json', rest)).status).toBe(503);
  expect(await (await at('/issuer/issuer.json')).json()).toMatchObject({ url: 'https://registry.example/issuer' });
  expect((await at('/v1/datasets')).status).toBe(404);
  await alone.scheduled(createScheduledController(), env);
});
