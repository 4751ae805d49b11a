import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../schemas/report.ts';
import {
  DEFAULT_POLICY,
  parseTrustPolicy,
  RegistryClient,
  signerFromSeed,
  signStatement,
  verifyCertificate,
} from '../../client/index.ts';
import { startRegistry, type RunningRegistry } from '../../worker/node/start.ts';
import { post } from '../bench/child.ts';
import { createWorkload, readSigner } from '../bench/workload.ts';
import { CHROMIUM, hasChromium, openBrowser } from '../support/chromium.ts';
import edges from '../fixtures/ed25519-edges.json' with { type: 'json' };
import type { StatementId } from '../../schemas/primitives.ts';

interface Library {
  verify(url: string, trustFile: string, id: string, now: number): Promise<Report>;
  sign(seed: number[], validFrom: string): Promise<string>;
  verdicts(): Promise<[boolean, boolean][]>;
}
declare const firsthand: Library;

if (!hasChromium) test.skip(`the library in a browser: ${CHROMIUM} is not there, skipped (set CHROMIUM)`, () => {});

describe.runIf(hasChromium)('the library in a real browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'firsthand-browser-'));
  let registry: RunningRegistry;
  let server: Server;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    const entry = fileURLToPath(new URL('page.ts', import.meta.url));
    const bundle = await build({ entryPoints: [entry], bundle: true, format: 'esm', write: false });
    const script = bundle.outputFiles[0]?.text ?? '';
    server = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(
        isScript ? script : '<!doctype html><title>page</title><script type="module" src="/page.js"></script>',
      );
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    registry = await startRegistry({ dataDir: join(folder, 'data'), port: 0, host: '127.0.0.1', log: () => {} });
    context = await openBrowser(join(folder, 'profile'));
    page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'firsthand' in globalThis);
  });

  afterAll(async () => {
    await context?.close();
    await registry?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('fetches a certificate from another origin, and reports what Node reports', async () => {
    const { setup, records } = await createWorkload(await readSigner(registry.operatorKeyFile), 1, 1);
    for (const statement of setup) await post(registry.url, 'application/json', statement);
    const { id } = JSON.parse(await post(registry.url, 'application/json', records[0] ?? '')) as { id: StatementId };
    const now = Date.now();
    const trustFile = `log ${registry.vkey}\nquorum none\n`;
    const there = await page.evaluate(([url, trust, record, at]) => firsthand.verify(url, trust, record, at), [
      registry.url,
      trustFile,
      id,
      now,
    ] as const);
    const trust = parseTrustPolicy(trustFile);
    if (!trust.ok) throw new Error(trust.reason);
    const certificate = await new RegistryClient({ url: registry.url, trust: trust.value }).certificate(id);
    expect(there).toEqual(await verifyCertificate({ certificate, trust: trust.value, policy: DEFAULT_POLICY, now }));
    expect(there.verdict).toBe('pass');
  });

  test('signs the same statement from the same key', async () => {
    const seed = Array.from({ length: 32 }, (_, i) => i);
    const signer = await signerFromSeed(Uint8Array.from(seed));
    const subject = { id: signer.did, name: 'A page', roles: [] };
    const here = await signStatement({ kind: 'Accreditation', subject, validFrom: '2026-01-01T00:00:00Z' }, signer);
    const there = await page.evaluate((bytes) => firsthand.sign(bytes, '2026-01-01T00:00:00Z'), seed);
    expect(here.ok && here.value.id).toBe(there);
  });

  test('gives the verdict of the rule on every Ed25519 edge case, natively and with noble', async () => {
    const verdicts = await page.evaluate(() => firsthand.verdicts());
    expect(verdicts).toEqual(edges.map(({ valid }) => [valid, valid]));
  });

  test('shows the API at /docs with nothing from elsewhere', async () => {
    const docs = await context.newPage();
    const elsewhere: string[] = [];
    const errors: string[] = [];
    docs.on('request', (request) => {
      if (!request.url().startsWith(registry.url) && !request.url().startsWith('data:')) elsewhere.push(request.url());
    });
    docs.on('pageerror', (error) => errors.push(error.message));
    await docs.goto(`${registry.url}/docs`);
    await docs.getByText('Submit one signed statement').waitFor();
    expect({ elsewhere, errors }).toEqual({ elsewhere: [], errors: [] });
  });
});
