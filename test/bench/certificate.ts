import { join } from 'node:path';
import { parseCheckpoint } from '../../protocol/log/checkpoint.ts';
import { parseTrustPolicy } from '../../protocol/log/trust.ts';
import { fromBase58, utf8, type Bytes } from '../../protocol/bytes.ts';
import { publicKeyFromDid } from '../../protocol/did-key.ts';
import { hashDataOf } from '../../protocol/statement.ts';
import { DEFAULT_POLICY, verifyCertificate } from '../../protocol/verify/verify.ts';
import { startRegistry } from '../../worker/node/start.ts';
import type { Certificate } from '../../schemas/certificate.ts';
import type { Did } from '../../schemas/primitives.ts';
import { post, withFolder } from './child.ts';
import { line, median, medianMs, percent } from './report.ts';
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
    const rounds = 300;
    const verifySignatures = () =>
      Promise.all(
        signatures.map(({ key, signature, message }) => crypto.subtle.verify('Ed25519', key, signature, message)),
      );
    await repeat(rounds, () => verifyCertificate(input));
    // In turn, so that what else the machine does falls on both.
    const turns: { whole: number; bare: number }[] = [];
    for (let turn = 0; turn < 9; turn++) {
      turns.push({
        whole: (await medianMs(1, () => repeat(rounds, () => verifyCertificate(input)))) / rounds,
        bare: (await medianMs(1, () => repeat(rounds, verifySignatures))) / rounds,
      });
    }
    const [whole, bare, share] = [
      median(turns.map((turn) => turn.whole)),
      median(turns.map((turn) => turn.bare)),
      median(turns.map((turn) => turn.bare / turn.whole)),
    ];
    line(
      `verify a certificate (${signatures.length} signatures, ${certificate.length} bytes, warm)`,
      `${(whole * 1000).toFixed(0)} µs`,
      `its signatures alone ${(bare * 1000).toFixed(0)} µs: ${percent(share)}`,
    );
  });
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < times; i++) await work();
}

interface Signed {
  issuer: Did;
  proof: { proofValue: string };
}

async function signaturesOf(text: string, logKey: Bytes) {
  const certificate = JSON.parse(text) as Certificate;
  const documents = [
    ...certificate.statements.map(({ document }) => document),
    ...certificate.status,
  ] as unknown as Signed[];
  const importKey = (raw: Bytes) => crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
  const checkpoint = parseCheckpoint(certificate.checkpoint);
  if (!checkpoint.ok) throw new Error(checkpoint.reason);
  const { note } = checkpoint.value;
  return [
    { key: await importKey(logKey), signature: note.signatures[0]?.signature as Bytes, message: utf8(note.text) },
    ...(await Promise.all(
      documents.map(async ({ proof, ...document }) => {
        const { proofValue, ...options } = proof;
        return {
          key: await importKey(publicKeyFromDid(document.issuer) as Bytes),
          signature: fromBase58(proofValue.slice(1)) as Bytes,
          message: hashDataOf(document, options),
        };
      }),
    )),
  ];
}
