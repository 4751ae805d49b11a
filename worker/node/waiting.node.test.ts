import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { expect, onTestFinished, test } from 'vitest';
import type { ChangesPage } from '../../schemas/api.ts';
import { openRegistry } from '../../test/contract/harness.ts';
import { nodePlatform, startedNode } from '../../test/support/registry-node.ts';

const pause = (ms: number): Promise<'paused'> =>
  new Promise((resolve) => {
    setTimeout(() => resolve('paused'), ms);
  });

test('a connection that breaks off gives its seat away', async () => {
  const registry = await openRegistry(await nodePlatform());
  const server = createServer((request, response) => {
    void getRequestListener((each) => registry.fetch(each.url.replace(/^.*?\/\/[^/]*/, ''), { signal: each.signal }))(
      request,
      response,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await registry.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/changes?after=99&wait=20`;
  const gone = new AbortController();
  const leaving = [1, 2, 3, 4].map(() => fetch(url, { signal: gone.signal }).catch(() => null));
  await pause(300);
  expect((await fetch(url)).status, 'there is no fifth seat').toBe(200);
  gone.abort();
  await Promise.all(leaving);
  await pause(300);
  const stop = new AbortController();
  const next = fetch(url, { signal: stop.signal }).catch(() => 'stopped');
  expect(await Promise.race([next, pause(500)])).toBe('paused');
  stop.abort();
});

test('a registry that stops answers those who wait, and does not wait for them', async () => {
  const registry = await startedNode();
  const { size } = (await (await registry.fetch('/healthz')).json()) as { size: number };
  const waiting = [1, 2, 3].map(async () => {
    const response = await registry.fetch(`/v1/changes?after=${size}&wait=25`);
    return (await response.json()) as ChangesPage;
  });
  await pause(300);
  expect(await Promise.race([registry.close(), pause(2000)])).toBeUndefined();
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ changes: [], next: size })));
});
