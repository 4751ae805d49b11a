import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { signerFromSeed } from '../../protocol/ed25519/signer.ts';
import { batches, load, withFolder } from './child.ts';
import { line, perSecond } from './report.ts';
import { setUp } from './submit.ts';
import { createWorkload } from './workload.ts';

/** Submitting in batches to workerd and D1, as `wrangler dev` runs them on this machine. */
export async function benchWorkerd(statements: number): Promise<void> {
  await withFolder(async (folder) => {
    const seeds = { LOG_KEY: randomBytes(32), SERVICE_KEY: randomBytes(32), OPERATOR_KEY: randomBytes(32) };
    const secrets = join(folder, 'secrets');
    writeFileSync(
      secrets,
      Object.entries(seeds)
        .map(([name, seed]) => `${name}=${seed.toString('base64')}\n`)
        .join(''),
      { mode: 0o600 },
    );
    const state = ['--persist-to', join(folder, 'state')];
    for (const database of ['DB', 'CONTENT_INDEX']) {
      execFileSync('wrangler', ['d1', 'migrations', 'apply', database, '--local', ...state], { stdio: 'ignore' });
    }
    const port = await freePort();
    const args = ['dev', '--port', String(port), '--env-file', secrets, '--log-level', 'error', ...state];
    const child = spawn('wrangler', args, { stdio: 'ignore', detached: true });
    try {
      const url = `http://127.0.0.1:${port}`;
      await waitFor(`${url}/healthz`);
      const workload = await createWorkload(
        await signerFromSeed(new Uint8Array(seeds.OPERATOR_KEY)),
        64,
        statements + 1000,
      );
      await setUp(url, workload.setup);
      await load(url, 'application/x-ndjson', batches(workload.records.splice(0, 1000), 100), 8);
      const result = await load(url, 'application/x-ndjson', batches(workload.records, 100), 8);
      line('workerd + D1, batches of 100, 8 connections', perSecond(result.accepted / result.seconds));
    } finally {
      process.kill(-(child.pid ?? 0), 'SIGTERM');
      await once(child, 'exit');
    }
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function waitFor(url: string): Promise<void> {
  for (let attempt = 0; attempt < 120; attempt++) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${url} did not answer within a minute`);
}
