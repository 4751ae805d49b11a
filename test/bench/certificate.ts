import { join } from 'node:path';
import type { Bytes } from '../../protocol/bytes.ts';
import { parseTrustPolicy } from '../../protocol/log/trust.ts';
import { DEFAULT_POLICY, verifyCertificate } from '../../protocol/verify/verify.ts';
import { startRegistry } from '../../worker/node/start.ts';
import { post, withFolder } from './child.ts';
import { line } from './report.ts';
import { compareWithSignatures, signaturesOf } from './signatures.ts';
import { setUp } from './submit.ts';
import { createWorkload, readSigner } from './workload.ts';

/**
 * What a certificate's verification, from its text, costs beside what its signatures alone cost natively. Both are warm: the
 * code is compiled, and the keys are judged and imported.
 */
export async function benchCertificate(): Promise<void> {
  await withFolder(async (folder) => {
    const options = { dataDir: join(folder, 'data'), port: 0, host: '127.0.0.1', log: () => undefined };
    const registry = await startRegistry(options);
    const workload = await createWorkload(await readSigner(registry.operatorKeyFile), 1, 1);
    await setUp(registry.url, workload.setup);
    const { id } = JSON.parse(await post(registry.url, 'application/json', workload.records[0] ?? '')) as {
      id: string;
    };
    const certificate = await (await fetch(`${registry.url}/v1/datasets/${id}/certificate`)).text();
    const trust = parseTrustPolicy(`log ${registry.vkey}\nquorum none\n`);
    await registry.close();
    if (!trust.ok) throw new Error(trust.reason);
    const input = { certificate, trust: trust.value, policy: DEFAULT_POLICY, now: Date.now() };
    const report = await verifyCertificate(input);
    if (report.verdict !== 'pass') throw new Error(JSON.stringify(report.checks));
    const signatures = await signaturesOf(certificate, trust.value.logs[0]?.key.publicKey as Bytes);
    const { time, against } = await compareWithSignatures(input, signatures, 300);
    line(`verify a certificate (${signatures.length} signatures, ${certificate.length} bytes, warm)`, time, against);
  });
}
