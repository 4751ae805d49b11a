import type { Decision, DecisionRequest } from '../../../schemas/decision.ts';
import { StatementId } from '../../../schemas/primitives.ts';
import { canonicalJson } from '../../../protocol/json.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import { RegistryError } from '../../errors.ts';
import { readCertificateFile } from '../certificate-source.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { renderDecision } from '../decision-view.ts';
import { exitCodeOf } from '../failure.ts';
import { readFlag } from '../flags.ts';
import { readOffline, requireProven } from '../proven.ts';
import { readQuestion, type QuestionOptions } from '../question.ts';
import { connect } from '../trust-store.ts';
import { proveDecision } from '../verifying/prove.ts';

export interface RightsOptions extends QuestionOptions {
  certificate?: string;
  offline?: boolean;
  portfolio?: string;
  expiring?: string;
  csv?: boolean;
}

/**
 * Decides whether a use is permitted. Online the registry's answer is held against what its log proves; offline, a saved
 * certificate decides alone. Answers the exit code: 0 where it is permitted, with duties or without, else 3.
 */
export async function rights(cli: Cli, id: string | undefined, options: RightsOptions): Promise<number> {
  const { portfolio: mix, expiring, csv } = options;
  if (mix !== undefined && id === undefined) {
    const { portfolio } = await import('./portfolio.ts');
    return portfolio(cli, mix, options);
  }
  if (id === undefined || mix !== undefined) {
    throw new CliError('usage', 'give either the ID of a record, or --portfolio with a list or a folder');
  }
  if (expiring !== undefined || csv === true) {
    throw new CliError('usage', `--${csv === true ? 'csv' : 'expiring'} goes with --portfolio`);
  }
  const request = readRequest(id, options, cli.now());
  const decision =
    options.offline === true ? await decideOffline(cli, request, options) : await decideOnline(cli, request, options);
  cli.out.result(decision, () => renderDecision(decision, cli.out.style));
  return decision.decision === 'allow' || decision.decision === 'conditional' ? 0 : exitCodeOf('verification-failed');
}

const readRequest = (id: string, options: RightsOptions, now: number): DecisionRequest => ({
  record: readFlag(StatementId, id, 'ID'),
  ...readQuestion(options, now),
});

async function decideOffline(cli: Cli, request: DecisionRequest, options: RightsOptions): Promise<Decision> {
  const { certificate, trust } = await readOffline(cli, options.certificate);
  return decideFrom(cli, certificate, request, trust);
}

async function decideOnline(cli: Cli, request: DecisionRequest, options: RightsOptions): Promise<Decision> {
  const { client, trust } = await connect(cli);
  if (options.certificate !== undefined) {
    return decideFrom(cli, await readCertificateFile(options.certificate), request, trust);
  }
  const { asOf, ...answer } = await client.decide(request);
  const certificate = await client.certificate(request.record, request.licensee).catch((error: unknown) => {
    if (error instanceof RegistryError && error.code === 'erased') return null;
    throw error;
  });
  // Of what was erased there is no certificate any more; that it was is the registry's word.
  if (certificate === null && answer.decision === 'deny') return { ...answer, ...(asOf === undefined ? {} : { asOf }) };
  if (certificate === null)
    throw new CliError('verification-failed', 'the registry permits the use of an erased record');
  // As of the registry's time: what is logged between the two calls counts for neither.
  const proven = await decideFrom(cli, certificate, { ...request, at: answer.at }, trust);
  if (canonicalJson(proven) !== canonicalJson(answer)) {
    throw new CliError(
      'verification-failed',
      `the registry answers ${answer.decision}, but by what its log proves it is ${proven.decision}`,
      'keep the certificate and ask its operator: firsthand certificate ID -o FILE',
    );
  }
  return { ...proven, ...(asOf === undefined ? {} : { asOf }) };
}

const decideFrom = async (
  cli: Cli,
  certificate: string,
  request: DecisionRequest,
  trust: TrustPolicy,
): Promise<Decision> => requireProven(cli, await proveDecision(certificate, request, trust, cli.now())).decision;
