import type { Bytes } from '../../protocol/bytes.ts';
import { DEFAULT_POLICY, verifyCertificate } from '../../protocol/verify/verify.ts';
import { nodeShell } from '../faults/node-shell.ts';
import { crowdedLog } from '../support/crowd.ts';
import { line, medianMs } from './report.ts';
import { compareWithSignatures, signaturesOf } from './signatures.ts';

const PEOPLE = 500;

/** A record of 500 parts by as many people, in a log of `entries`: its standing, its certificate, and verifying that. */
export async function benchPeople(entries: number): Promise<void> {
  const storage = await nodeShell.open();
  try {
    const { app, database, whole, size, trust, now } = await crowdedLog(storage, PEOPLE, entries);
    const read = async (path: string): Promise<string> => {
      const response = await app.request(path);
      const text = await response.text();
      if (response.status !== 200) throw new Error(text);
      return text;
    };
    for (const [what, path] of [
      ['standing', `/v1/datasets/${whole}`],
      ['certificate', `/v1/datasets/${whole}/certificate`],
    ] as const) {
      const first = await database.costOf(() => read(path));
      const warm = await medianMs(9, () => read(path));
      line(
        `${what} of ${PEOPLE} parts by ${PEOPLE} people, at ${size} entries`,
        `${warm.toFixed(1)} ms`,
        `the first time ${first.milliseconds.toFixed(1)} ms; ${first.queries} queries, ${first.rows} rows`,
      );
    }
    const ask = async (): Promise<string> => {
      const body = JSON.stringify({ record: whole, use: 'train', territory: ['US', 'DE'] });
      const headers = { 'Content-Type': 'application/json' };
      const response = await app.request('/v1/decisions', { method: 'POST', headers, body });
      const text = await response.text();
      if (response.status !== 200) throw new Error(text);
      return text;
    };
    const asked = await database.costOf(ask);
    line(
      `decision over ${PEOPLE} parts, at ${size} entries`,
      `${(await medianMs(9, ask)).toFixed(1)} ms`,
      `the first time ${asked.milliseconds.toFixed(1)} ms; ${asked.queries} queries, ${asked.rows} rows`,
    );
    const certificate = await read(`/v1/datasets/${whole}/certificate`);
    const input = { certificate, trust, policy: DEFAULT_POLICY, now };
    const report = await verifyCertificate(input);
    if (report.verdict !== 'pass' || report.humans?.min !== PEOPLE / 2) throw new Error(JSON.stringify(report));
    const signatures = await signaturesOf(certificate, trust.logs[0]?.key.publicKey as Bytes);
    const { time, against } = await compareWithSignatures(input, signatures, 2);
    line(`verify it (${signatures.length} signatures, ${certificate.length} bytes, warm)`, time, against);
  } finally {
    await storage.close();
  }
}
