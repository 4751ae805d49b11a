import { limits } from '../../../schemas/limits.ts';
import { StatementId, type Digest } from '../../../schemas/primitives.ts';
import { originOfRowProof, verifyRowProof, type ProvenRow } from '../../../protocol/row-proof.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import { readText } from '../bounded-file.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { writeOutput } from '../durable-file.ts';
import { readOptional } from '../flags.ts';
import { rowOf } from '../row-argument.ts';
import { text } from '../terminal.ts';
import { connect, offlineTrust } from '../trust-store.ts';
import type { SaveOptions } from './get.ts';

export interface ProveOptions extends SaveOptions {
  record?: string;
  /** A proof to be checked, instead of fetched. */
  check?: string;
}

/** Fetches the proof that a record has a row, and checks it; or checks one that is at hand, without a network. */
export async function prove(cli: Cli, argument: string | undefined, options: ProveOptions): Promise<void> {
  const record = readOptional(StatementId, options.record, '--record');
  if (options.check !== undefined) return check(cli, options.check, argument);
  if (argument === undefined) throw new CliError('usage', 'which row? Give sha256:…, FILE:LINE, or its JSON in quotes');
  const row = await rowOf(argument);
  const { client, trust } = await connect(cli);
  const proof = await client.rowProof(row, record);
  const proven = await verified(proof, trust, row);
  if (record !== undefined && proven.record !== record) {
    throw new CliError('verification-failed', `the registry proved the row of ${proven.record}, not of ${record}`);
  }
  if (options.output === undefined) return cli.out.raw(proof);
  await writeOutput(options.output, proof);
  cli.out.result({ ...proven, saved: options.output }, () => text`${told(proven)}\nsaved ${options.output ?? ''}`);
}

async function check(cli: Cli, file: string, argument: string | undefined): Promise<void> {
  const proof = await readText(file, limits.rowProofBytes);
  const row = argument === undefined ? undefined : await rowOf(argument);
  const origin = originOfRowProof(proof);
  if (!origin.ok) throw new CliError('verification-failed', `the proof does not hold: ${origin.reason}`);
  const proven = await verified(proof, await offlineTrust(cli, origin.value), row);
  cli.out.result({ ...proven }, () => told(proven));
}

async function verified(proof: string, trust: TrustPolicy, row: Digest | undefined): Promise<ProvenRow> {
  const result = await verifyRowProof(proof, { trust, ...(row === undefined ? {} : { row }) });
  if (result.ok) return result.value;
  const { code, detail } = result.reason;
  throw new CliError('verification-failed', `the proof does not hold: ${code}: ${detail}`);
}

const told = ({ digest, index, file, record, issuer, origin, logIndex, loggedAt }: ProvenRow) => text`row     ${digest}
file    ${file.path}, row ${index + 1} of ${file.rows.count}
record  ${record}
signer  ${issuer}
log     ${origin}, entry ${logIndex}, ${loggedAt}

The signer claims this row. Whether the record stands, and who signed it, is what its certificate shows.`;
