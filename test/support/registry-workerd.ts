import { reset } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { createD1 } from '../../worker/cloudflare/d1.ts';
import { keysOf } from '../../worker/cloudflare/bindings.ts';
import { createR2Blobs } from '../../worker/cloudflare/r2-blobs.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { remake } from './remake-d1.ts';
import type { Endpoint, Platform } from '../contract/harness.ts';

/** Whatever was there: another file's app may have written after the data was deleted. */
async function migrate(): Promise<void> {
  await remake(env.DB, env.MIGRATIONS.registry);
  await remake(env.CONTENT_INDEX, env.MIGRATIONS.contentIndex);
  await remake(env.ISSUER_DB, env.MIGRATIONS.issuer);
  for (const { key } of (await env.BLOBS.list()).objects) await env.BLOBS.delete(key);
}

/** Real D1 and R2, emptied first: one platform at a time. */
export async function workerdPlatform(): Promise<Platform> {
  await reset();
  await migrate();
  return {
    database: createD1(env.DB),
    content: createD1(env.CONTENT_INDEX),
    blobs: createR2Blobs(env.BLOBS),
    assets: async (file) => (await env.ASSETS.fetch(`https://assets/${file}`)) as unknown as Response,
    close: async () => {},
  };
}

/** Emptied once, before the Durable Object first looks at its log. */
let emptied: Promise<void> | null = null;

/** The Worker as it is deployed, its Durable Object and all: one log for whoever asks, in one test file alone. */
export async function deployedWorker(): Promise<Endpoint> {
  emptied ??= reset().then(migrate);
  await emptied;
  return {
    fetch: (path, init) => exports.default.fetch(new Request(`https://registry.example${path}`, init)),
    operator: (await keysOf(env)).operator as Signer,
    close: async () => {},
  };
}
