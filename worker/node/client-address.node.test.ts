import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { Env } from '../http/env.ts';
import { addressBy } from './client-address.ts';

const addressOf = async (remoteAddress: string, header?: string, said?: string): Promise<unknown> => {
  const app = new Hono<Env>().get('/', (c) => c.json(addressBy(header)(c)));
  const headers = said === undefined ? {} : { 'X-Real-IP': said };
  const socket = { remoteAddress, remotePort: 1, remoteFamily: 'IPv4' };
  return (await app.request('/', { headers }, { incoming: { socket } })).json();
};

test('a request comes from where its connection does, and this machine is no one else', async () => {
  expect(await addressOf('192.0.2.1')).toBe('192.0.2.1');
  expect(await addressOf('192.0.2.1', undefined, '198.51.100.7'), 'whoever says so').toBe('192.0.2.1');
  for (const own of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) expect(await addressOf(own)).toBeNull();
});

test('behind a proxy it comes from where that says', async () => {
  expect(await addressOf('127.0.0.1', 'X-Real-IP', '198.51.100.7')).toBe('198.51.100.7');
  expect(await addressOf('127.0.0.1', 'X-Real-IP', '192.0.2.66, 198.51.100.7'), 'as it tells').toBe('198.51.100.7');
  expect(await addressOf('127.0.0.1', 'X-Real-IP')).toBeNull();
  expect(await addressOf('192.0.2.1', 'X-Real-IP'), 'past the proxy').toBe('192.0.2.1');
});
