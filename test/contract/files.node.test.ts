import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { drafts, signed } from '../support/statements.ts';
import { startRegistry } from '../../worker/node/start.ts';
import { nodePlatform, startedNode, temporaryFolder } from '../support/registry-node.ts';
import { cast, expectProblem, getJson, log, putBlob, sizeOf } from './client.ts';
import { openRegistry } from './harness.ts';

/** More than a stream reads ahead. */
const bytes = new Uint8Array(1024 * 1024).fill(0x61);
const process_ = { guidelines: { name: 'Guidelines', version: '1', digest: digestOf(bytes) } };

describe('what only the Node shell has: files and sockets', () => {
  it('leaves no temporary file of an upload that failed, and no open file of one that was asked for', async () => {
    const platform = await nodePlatform();
    const registry = await openRegistry(platform);
    const { alice } = await cast(registry, 'files');
    await log(registry, await signed(drafts.record(alice.did, 'files', { process: process_ }), alice));
    await expectProblem(await putBlob(registry, utf8('other'), digestOf(bytes)), [
      422,
      'digest-mismatch',
      'nothing was kept',
    ]);
    const stored = async () =>
      (await readdir(`${platform.folder}/blobs`, { recursive: true, withFileTypes: true })).filter((entry) =>
        entry.isFile(),
      );
    expect(await stored()).toEqual([]);
    expect((await putBlob(registry, bytes)).status).toBe(201);
    expect(await stored()).toHaveLength(1);
    const open = async () => (await readdir('/proc/self/fd')).length;
    const before = await open();
    for (let i = 0; i < 40; i++) await registry.fetch(`/v1/blobs/${digestOf(bytes)}`, { method: 'HEAD' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await open()).toBeLessThan(before + 20);
    await registry.close();
  });

  it('survives a sender that goes away in the middle of an upload, and one that talks no HTTP', async () => {
    const registry = await startedNode();
    const { alice } = await cast(registry, 'sockets');
    await log(registry, await signed(drafts.record(alice.did, 'sockets', { process: process_ }), alice));
    const size = await sizeOf(registry);
    const { port } = new URL(registry.url);
    const say = (text: string): Promise<string> =>
      new Promise((resolve) => {
        let heard = '';
        const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
        socket.on('data', (chunk) => (heard += String(chunk)));
        socket.on('error', () => resolve(heard)).on('close', () => resolve(heard));
        setTimeout(() => socket.destroy(), 200);
      });
    const head = (rest: string) => `Host: x\r\n${rest}\r\n\r\n`;
    await say(`PUT /v1/blobs/${digestOf(bytes)} HTTP/1.1\r\n${head(`Content-Length: ${bytes.length}`)}aaaaa`);
    await say(`POST /v1/statements HTTP/1.1\r\n${head('Content-Type: application/json\r\nContent-Length: 500')}{"half`);
    await say(
      `POST /v1/statements HTTP/1.1\r\n${head('Content-Type: application/json\r\nTransfer-Encoding: chunked')}5\r\n{"hal`,
    );
    expect(
      await say(`POST /v1/statements HTTP/1.1\r\n${head('Content-Length: 5\r\nTransfer-Encoding: chunked')}0\r\n\r\n`),
    ).toMatch(/^HTTP\/1\.1 400/);
    expect(await say(`POST /v1/statements HTTP/1.1\r\n${head('Content-Length: -1')}`)).toMatch(/^HTTP\/1\.1 400/);
    expect(await say('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    expect(await say(`GET /log/tile/../../healthz HTTP/1.1\r\n${head('X: y')}`)).toMatch(/^HTTP\/1\.1 (200|404)/);
    expect(await sizeOf(registry)).toBe(size);
    await expectProblem(await registry.fetch(`/v1/blobs/${digestOf(bytes)}`), [404, 'not-found', digestOf(bytes)]);
    expect((await putBlob(registry, bytes)).status).toBe(201);
    expect(await getJson(registry, '/healthz')).toMatchObject({ status: 'ok' });
    await registry.close();
  });

  it('answers those who come while it starts', async () => {
    const dataDir = await temporaryFolder();
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    const started = startRegistry({ dataDir, host: '127.0.0.1', port, log: () => {} });
    const ask = (): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(10_000) }).catch((error: Error) => {
        if (error.name === 'TimeoutError') throw error;
        return ask();
      });
    expect((await ask()).status).toBe(200);
    await (await started).close();
    await rm(dataDir, { recursive: true });
  });
});
