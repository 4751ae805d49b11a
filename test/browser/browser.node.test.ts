import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import type { ManifestFile } from '../../schemas/manifest.ts';
import type { Report } from '../../schemas/report.ts';
import {
  DEFAULT_POLICY,
  encodeManifest,
  parseTrustPolicy,
  RegistryClient,
  signerFromSeed,
  signStatement,
  summarizeContent,
  verifyCertificate,
} from '../../client/index.ts';
import { hashFile } from '../../client/cli/content/hash-file.ts';
import { mediaTypeOf } from '../../client/content/media-type.ts';
import { toBase64, toHex } from '../../protocol/bytes.ts';
import { canonicalJson } from '../../protocol/json.ts';
import { ED25519, encodeVkey, verifierKey } from '../../protocol/log/note.ts';
import { rowSourceOf } from '../../protocol/rows/row-source.ts';
import { startRegistry, type RunningRegistry } from '../../worker/node/start.ts';
import { post } from '../bench/child.ts';
import { createWorkload, readSigner } from '../bench/workload.ts';
import { CHROMIUM, hasChromium, openBrowser } from '../support/chromium.ts';
import { registry as memoryRegistry } from '../support/log.ts';
import { heldFile } from '../support/row-files.ts';
import { drafts, signed } from '../support/statements.ts';
import type { Evidence, Failure, HashedHere } from './page.ts';
import edges from '../fixtures/ed25519-edges.json' with { type: 'json' };
import type { StatementId } from '../../schemas/primitives.ts';

const PAGE =
  '<!doctype html><title>page</title><input type="file" multiple><script type="module" src="/client/content/page.js"></script>';

interface Library {
  verify(url: string, trustFile: string, id: string, now: number): Promise<Report>;
  sign(seed: number[], validFrom: string): Promise<string>;
  verdicts(): Promise<[boolean, boolean][]>;
  hashPicked(): Promise<HashedHere>;
  verifyPicked(evidence: Evidence): Promise<Report>;
  refuse(): Promise<Failure>;
  refuseLongLine(bytes: number): Promise<Failure>;
  abort(bytes: number): Promise<Failure>;
  withoutWorker(): Promise<Failure>;
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
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const scripts = new Map<string, string>();
    // As from a bundler that knows workers: the page's script, and the worker where the library looks for it.
    for (const [path, entry] of [
      ['/client/content/page.js', 'test/browser/page.ts'],
      ['/client/content/hash-worker.ts', 'client/content/hash-worker.ts'],
    ] as const) {
      const bundle = await build({ entryPoints: [join(root, entry)], bundle: true, format: 'esm', write: false });
      scripts.set(path, bundle.outputFiles[0]?.text ?? '');
    }
    server = createServer((request, response) => {
      const script = scripts.get(request.url ?? '');
      response.statusCode = script === undefined && request.url !== '/' ? 404 : 200;
      response.setHeader('Content-Type', script === undefined ? 'text/html' : 'text/javascript');
      response.end(script ?? PAGE);
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

  /** Picks files, as a user does. */
  const pick = (files: Record<string, Uint8Array | string>): Promise<void> =>
    page.setInputFiles(
      'input',
      Object.entries(files).map(([name, content]) => ({ name, mimeType: '', buffer: Buffer.from(content) })),
    );

  test('hashes files and their rows in workers as Node does, whatever the format', async () => {
    const long = 'ü'.repeat(300);
    const lines = Array.from({ length: 3000 }, (_, i) =>
      i % 99 === 0 ? `no JSON ${i}` : `{"b": "${long}", "a": ${i}.0}`,
    );
    const jsonl = Buffer.from(`\ufeff${lines.join('\r\n')}`);
    const columns = [
      { name: 'b', data: lines, type: 'STRING' as const },
      { name: 'a', data: lines.map((_, i) => i), type: 'INT32' as const },
    ];
    const files = {
      'rows.jsonl': jsonl,
      'members.jsonl.gz': Buffer.concat([gzipSync(jsonl.subarray(0, 1000)), gzipSync(jsonl.subarray(1000))]),
      'rows.csv': `a,b\n${lines.map((_, i) => `${i},"x, ""${i}"""`).join('\n')}\n`,
      'rows.parquet': new Uint8Array(parquetWriteBuffer({ columnData: columns })),
      'empty.jsonl': '',
      LICENSE: 'nobody',
    };
    await pick(files);
    expect(await page.evaluate(() => firsthand.hashPicked())).toEqual(await hashedByNode(join(folder, 'files'), files));
  });

  test('verifies picked rows of a record offline, in whatever order', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => `{"answer":${i}}`);
    const { certified, segments } = heldFile('rows.jsonl', rows);
    const manifest = encodeManifest({ files: [certified] });
    const content = { ...summarizeContent(manifest, { files: [certified] }), visibility: 'public' as const };
    const { log, alice } = await memoryRegistry();
    const record = log.append(await signed(drafts.record(alice.did, '', { id: content.root, content }), alice));
    const evidence: Evidence = {
      certificate: canonicalJson(await log.certificate({ subject: record.id })),
      trustFile: `log ${encodeVkey(verifierKey(log.origin, ED25519, log.signer.publicKey))}\nquorum none\n`,
      manifest,
      segments: Object.fromEntries([...segments].map(([digest, segment]) => [digest, toBase64(segment)])),
      now: log.now,
    };
    const pass = { 'mine.jsonl': rows.slice(100).toReversed().join('\n') };
    await pick(pass);
    const passed = await page.evaluate((given) => firsthand.verifyPicked(given), evidence);
    expect(passed).toMatchObject({ verdict: 'pass', coverage: { rows: 400, matched: 400 } });
    // A cell of CSV is text, and no such row is certified.
    await pick({ ...pass, 'other.csv': 'answer\n1\n' });
    const failed = await page.evaluate((given) => firsthand.verifyPicked(given), evidence);
    expect(failed).toMatchObject({ verdict: 'fail', coverage: { rows: 401, matched: 400, unmatched: 1 } });
  });

  test.each<[string, Record<string, Uint8Array | string>, string]>([
    ['a gzip bomb', { 'a.jsonl.gz': bomb() }, 'a.jsonl.gz: as gzip, it inflates to more than 200 times its size'],
    ['a quote never closed', { 'a.txt': '', 'a.csv': 'a\n"b\n' }, 'a.csv: line 2: a quote is opened and never closed'],
    ['false Parquet', { 'a.parquet': 'not at all PAR1' }, 'a.parquet: as a Parquet file, it does not begin with PAR1'],
  ])('refuses %s by its name, and leaves no worker', async (_name, files, message) => {
    await pick(files);
    expect(await page.evaluate(() => firsthand.refuse())).toEqual({ code: 'malformed', message, left: 0 });
  });

  test('refuses a row past the limit by its line', async () => {
    expect(await page.evaluate((bytes) => firsthand.refuseLongLine(bytes), limits.rowBytes)).toEqual({
      code: 'row-too-long',
      message: `long.jsonl: line 3 is longer than ${limits.rowBytes} bytes`,
      left: 0,
    });
  });

  test('stops hashing when it is told to, and says so where no worker starts', async () => {
    const stopped = await page.evaluate((bytes) => firsthand.abort(bytes), 64 * 1024 * 1024);
    expect(stopped).toEqual({ code: null, message: 'enough', left: 0 });
    const failed = await page.evaluate(() => firsthand.withoutWorker());
    expect(failed.message).toBe('the worker that hashes ended: it cannot be loaded');
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

/** A megabyte of nothing, over and over. */
function bomb(): Uint8Array {
  const member = gzipSync(Buffer.alloc(1e6, '\n'));
  return Buffer.concat(Array.from({ length: 70 }, () => member));
}

/** What the command line makes of files. */
async function hashedByNode(folder: string, contents: Record<string, Uint8Array | string>): Promise<HashedHere> {
  mkdirSync(folder);
  const files: ManifestFile[] = [];
  const rows: string[] = [];
  for (const [path, content] of Object.entries(contents)) {
    const location = join(folder, path);
    writeFileSync(location, content);
    let digests = '';
    const onDigests = (piece: Uint8Array): void => void (digests += toHex(piece));
    const hashed = await hashFile(location, { rows: rowSourceOf(path), onDigests });
    files.push({ path, mediaType: mediaTypeOf(path), ...hashed });
    rows.push(digests);
  }
  return { manifest: encodeManifest({ files }), rows };
}
