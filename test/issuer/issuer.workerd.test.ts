import { applyD1Migrations, reset } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { createD1 } from '../../worker/cloudflare/d1.ts';
import { describeFlow } from './flow.ts';
import { openIssuerOver, type OpenIssuer } from './harness.ts';
import { describeHostile } from './hostile.ts';

const open: OpenIssuer = async (options) => {
  await reset();
  await applyD1Migrations(env.ISSUER_DB, env.MIGRATIONS.issuer);
  return openIssuerOver({ database: createD1(env.ISSUER_DB), close: async () => {} }, options);
};

describeFlow('D1', open);
describeHostile('D1', open);
