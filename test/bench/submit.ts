import { once } from 'node:events';
import { join } from 'node:path';
import { parseStatement, verifyStatement } from '../../protocol/statement.ts';
import { verifyNatively } from '../../protocol/ed25519/verify.ts';
import { batches, here, load, post, startChild, stopChild, withFolder } from './child.ts';
import { line, mib, percent, perSecond } from './report.ts';
import { createWorkload, readSigner } from './workload.ts';

const NDJSON = 'application/x-ndjson';
const JSON_TYPE = 'application/json';

/** Statements before the first that counts: until then each of four threads compiles its code beside its work. */
const WARM_UP = 30_000;

export interface Ready {
  url: string;
  operatorKeyFile: string;
}

/** Submitting over HTTP to the Node shell: signed, admitted, durable. The load generator shares the machine. */
export async function benchSubmit(statements: number): Promise<void> {
  await withFolder(async (folder) => {
    const { child, ready } = await startChild<Ready>([here('./registry-process.ts'), join(folder, 'data')]);
    const workload = await createWorkload(await readSigner(ready.operatorKeyFile), 64, statements * 2 + WARM_UP);
    await setUp(ready.url, workload.setup);
    const take = (count: number): string[] => workload.records.splice(0, count);
    await load(ready.url, JSON_TYPE, take(WARM_UP), 64);

    const raw = await nativeVerifyRate(workload.records.slice(0, 5000));
    line('native Ed25519 verification, all cores', perSecond(raw));
    const single = await load(ready.url, JSON_TYPE, take(statements), 64);
    const rate = single.accepted / single.seconds;
    line('submit, one a request, 64 connections', perSecond(rate), `${percent(rate / raw)} of native verification`);
    const batched = await load(ready.url, NDJSON, batches(take(statements), 100), 16);
    const batchRate = batched.accepted / batched.seconds;
    line(
      'submit, batches of 100, 16 connections',
      perSecond(batchRate),
      `${percent(batchRate / raw)} of native verification`,
    );
    line('latency of a single submission, p50 and p99', `${single.p50.toFixed(0)}, ${single.p99.toFixed(0)} ms`);
    await stopChild(child);
  });
}

/** Memory of the Node shell while it takes many batches: flat after the first. */
export async function benchMemory(submissions: number): Promise<void> {
  await withFolder(async (folder) => {
    const { child, ready } = await startChild<Ready>([here('./registry-process.ts'), join(folder, 'data')]);
    const operator = await readSigner(ready.operatorKeyFile);
    const rounds = 10;
    const sizes: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const workload = await createWorkload(operator, 64, submissions / rounds);
      await setUp(ready.url, workload.setup);
      await load(ready.url, NDJSON, batches(workload.records, 100), 16);
      child.send('memory');
      const [memory] = (await once(child, 'message')) as [{ rss: number }];
      sizes.push(memory.rss);
    }
    line(`memory over ${submissions.toLocaleString('en')} submissions, each tenth`, sizes.map(mib).join(' '));
    await stopChild(child);
  });
}

export async function setUp(url: string, setup: readonly string[]): Promise<void> {
  const [accreditation = '', ...credentials] = setup;
  await post(url, JSON_TYPE, accreditation);
  await post(url, NDJSON, credentials.join('\n'));
}

async function nativeVerifyRate(statements: string[]): Promise<number> {
  const parsed = statements.flatMap((text) => {
    const statement = parseStatement(text);
    return statement.ok ? [statement.value] : [];
  });
  const verifyAll = () => Promise.all(parsed.map((statement) => verifyStatement(statement, verifyNatively)));
  await verifyAll();
  const start = performance.now();
  await verifyAll();
  return parsed.length / ((performance.now() - start) / 1000);
}
