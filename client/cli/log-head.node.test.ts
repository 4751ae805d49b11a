import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { digestOf } from '../../protocol/digest.ts';
import { RegistryClient } from '../registry-client.ts';
import { MemoryRegistry, URL_OF_TESTS } from '../testing/memory-registry.ts';
import { keepHead } from './log-head.ts';
import { ended, startFirsthand } from './testing/processes.ts';
import { cliIn, temporaryFolder } from './testing/run-cli.ts';

test('a head that another process kept meanwhile is not put back to an older one', async () => {
  const registry = await MemoryRegistry.open();
  const { trust } = registry;
  const client = new RegistryClient({ url: URL_OF_TESTS, fetch: registry.fetch, trust, retries: 0 });
  const home = temporaryFolder();
  const cli = { env: { HOME: home }, sleep: () => Promise.resolve() };
  const file = join(home, '.local/state/firsthand/heads/registry.test_log.checkpoint');
  const grow = (to: number): Promise<string> => {
    while (registry.entries.length < to) registry.append(digestOf(`entry ${registry.entries.length}`));
    return registry.checkpoint();
  };
  await grow(3);
  await keepHead(cli, { client, trust });
  const older = await grow(5);
  const newer = await grow(8);
  let isFirst = true;
  registry.intercept = (path) => {
    if (path.startsWith('/log/tile')) writeFileSync(file, newer);
    if (path !== '/log/checkpoint' || !isFirst) return null;
    isFirst = false;
    return new Response(older);
  };
  expect((await keepHead(cli, { client, trust })).head.size).toBe(8);
  expect(readFileSync(file, 'utf8')).toBe(newer);
});

test('a monitor that is interrupted ends with 130', async () => {
  const registry = await MemoryRegistry.open();
  registry.append(digestOf('entry'));
  const server = createServer((request, response) => {
    void registry.fetch(`${URL_OF_TESTS}${request.url}`).then(async (answer) => {
      response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const child = startFirsthand(temporaryFolder(), ['log', 'monitor', '--registry', `http://127.0.0.1:${port}`]);
  const result = ended(child);
  child.stdout?.once('data', () => child.kill('SIGINT'));
  expect(await result).toMatchObject({ code: 130, stdout: expect.stringContaining('first head seen') as string });
});

test('of two processes on their first visit, the key that was pinned first counts for both', async () => {
  const [shown, pinned] = [await MemoryRegistry.open(1), await MemoryRegistry.open(2)];
  const home = temporaryFolder();
  const server = createServer((request, response) => {
    void shown.fetch(`${URL_OF_TESTS}${request.url}`).then(async (answer) => {
      if (request.url === '/log/checkpoint') {
        const { port } = server.address() as { port: number };
        const file = join(home, `.config/firsthand/trust/127.0.0.1_${port}.policy`);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `log ${pinned.discovery.vkey}\nquorum none\n`);
      }
      response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { code, stderr } = await cliIn(home)('log', 'checkpoint', '--registry', `http://127.0.0.1:${port}`);
  expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('another log key') as string });
});
