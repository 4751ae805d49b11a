import { Digest, StatementId } from '../../../schemas/primitives.ts';
import { verifySignature } from '../../../protocol/ed25519/verify.ts';
import { openCertificate } from '../../../protocol/verify/certificate.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { certificateIn } from '../dataset-folder.ts';
import { writeOutput } from '../durable-file.ts';
import { readFlag } from '../flags.ts';
import { text } from '../terminal.ts';
import { connect } from '../trust-store.ts';
import { saveContent } from '../verifying/bundle.ts';

export interface SaveOptions {
  output?: string;
}

/** Fetches a statement, or with --blob a blob; either way the bytes have the digest asked for. */
export async function get(cli: Cli, id: string, options: SaveOptions & { blob?: boolean }): Promise<void> {
  const digest = readFlag(Digest, id, 'ID');
  if (options.blob === true && cli.out.json && options.output === undefined) {
    throw new CliError('usage', 'a blob is not JSON', 'save it with -o FILE');
  }
  const { client } = await connect(cli);
  const content = options.blob === true ? await client.getBlob(digest) : await client.statement(digest as StatementId);
  await deliver(cli, digest, content, options);
}

/** Fetches a record's certificate; one that is not authentic is refused, one of a revoked record is not. */
export async function certificate(
  cli: Cli,
  id: string,
  { withRows: folder, ...options }: SaveOptions & { withRows?: string },
): Promise<void> {
  const record = readFlag(StatementId, id, 'ID');
  const { client, trust } = await connect(cli);
  const content = await client.certificate(record);
  const opened = await openCertificate(content, trust, verifySignature);
  const fault = opened.findings.list().find((check) => check.outcome === 'fail');
  if (fault !== undefined)
    throw new CliError('verification-failed', `the certificate does not hold: ${fault.id}: ${fault.detail}`);
  if (opened.subject !== record) throw new CliError('verification-failed', `the certificate is for ${opened.subject}`);
  if (folder !== undefined) await saveContent(cli, client, content, folder);
  const output = options.output ?? (folder === undefined ? undefined : certificateIn(folder, record));
  await deliver(cli, record, content, output === undefined ? {} : { output });
}

async function deliver(cli: Cli, id: string, content: string | Uint8Array, { output }: SaveOptions): Promise<void> {
  if (output === undefined) return cli.out.raw(content);
  await writeOutput(output, content);
  cli.out.result({ id, file: output }, () => text`saved ${output}`);
}
