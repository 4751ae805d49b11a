import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { boundedFetch } from './bounded-fetch.ts';

/** Long enough that only a server that never ends meets it. */
const LIMITS = { bytes: 10_000, milliseconds: 20_000 };
const HURRY = { ...LIMITS, milliseconds: 300 };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A provider on a real socket. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ask = (issuer: string, path = '/', endpoints: string[] = [], limits = LIMITS): Promise<Response> => {
  const url = path.includes(':') ? path : `${issuer}${path}`;
  return boundedFetch(
    { issuer, endpoints },
    fetch,
    limits,
  )(url, { method: 'GET', headers: {}, body: undefined, redirect: 'manual' });
};

test('what a provider answers arrives as it is, refusals too', async () => {
  const url = await serve((_, response) => response.writeHead(400, { 'Content-Type': 'application/json' }).end('{}'));
  const answer = await ask(url);
  expect([answer.status, answer.headers.get('Content-Type'), await answer.text()]).toEqual([
    400,
    'application/json',
    '{}',
  ]);
});

test('a redirect is not followed, wherever it leads', async () => {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(String(request.url));
    response.writeHead(302, { Location: '/inside' }).end();
  });
  await expect(ask(url)).rejects.toThrow('redirect');
  expect(asked).toEqual(['/']);
});

test('silence, a drip and a flood end', async () => {
  const silent = await serve(() => {});
  await expect(ask(silent, '/', [], HURRY)).rejects.toThrow('took more than 300 ms');
  const dripping = await serve((_, response) => {
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  });
  await expect(ask(dripping, '/', [], HURRY)).rejects.toThrow('took more than 300 ms');
  const flooding = await serve((_, response) => void response.end(Buffer.alloc(20_000)));
  await expect(ask(flooding)).rejects.toThrow('more than 10000 bytes');
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const inflating = await serve((_, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb);
  });
  await expect(ask(inflating)).rejects.toThrow('more than 10000 bytes');
});

test('nothing but the provider’s own origins is asked', async () => {
  const asked: string[] = [];
  const other = await serve((request, response) => {
    asked.push(String(request.url));
    response.end('{}');
  });
  const issuer = await serve((_, response) => void response.end('{}'));
  await expect(ask(issuer, `${other}/token`)).rejects.toThrow('"endpoints"');
  await expect(ask(issuer, 'file:///etc/passwd')).rejects.toThrow('"endpoints"');
  await expect(ask(issuer, issuer.replace('http://', 'http://user@'))).rejects.toThrow('"endpoints"');
  expect(asked).toEqual([]);
  expect((await ask(issuer, `${other}/token`, [other])).status).toBe(200);
});

test('nobody there', async () => {
  const url = await serve(() => {});
  servers.pop()?.close();
  await expect(ask(url)).rejects.toThrow('the connection failed');
});
