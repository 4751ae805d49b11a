import {
  DecisionQuestion,
  type Decision,
  type DecisionOutcome,
  type DecisionRequest,
} from '../../../schemas/decision.ts';
import type { Policy } from '../../../schemas/policy.ts';
import { StatementId } from '../../../schemas/primitives.ts';
import type { CheckId } from '../../../schemas/report.ts';
import { canonicalJson } from '../../../protocol/json.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import { verifyCertificate } from '../../../protocol/verify/verify.ts';
import { RegistryError } from '../../errors.ts';
import { readCertificateFile } from '../certificate-source.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { renderDecision } from '../decision-view.ts';
import { exitCodeOf } from '../failure.ts';
import { readFlag, readOptional } from '../flags.ts';
import { readAt, readOffline, requireHolds } from '../proven.ts';
import { connect } from '../trust-store.ts';

export interface RightsOptions {
  use: string;
  purpose?: string;
  territory?: string[];
  modelRelease?: string;
  field?: string;
  licensee?: string;
  at?: string;
  certificate?: string;
  offline?: boolean;
}

/**
 * Decides whether a use is permitted. Online the registry's answer is held against what its log proves; offline, a saved
 * certificate decides alone. Answers the exit code: 0 where it is permitted, with duties or without, else 3.
 */
export async function rights(cli: Cli, id: string, options: RightsOptions): Promise<number> {
  const request = readRequest(id, options);
  const decision =
    options.offline === true ? await decideOffline(cli, request, options) : await decideOnline(cli, request, options);
  cli.out.result(decision, () => renderDecision(decision, cli.out.style));
  return decision.decision === 'allow' || decision.decision === 'conditional' ? 0 : exitCodeOf('verification-failed');
}

function readRequest(id: string, options: RightsOptions): DecisionRequest {
  const { shape } = DecisionQuestion;
  const given = {
    purpose: readOptional(shape.purpose, options.purpose, '--purpose'),
    territory: readOptional(shape.territory, options.territory, '--territory'),
    modelRelease: readOptional(shape.modelRelease, options.modelRelease, '--model-release'),
    field: readOptional(shape.field, options.field, '--field'),
    licensee: readOptional(shape.licensee, options.licensee, '--licensee'),
    at: readAt(options.at),
  };
  return {
    record: readFlag(StatementId, id, 'ID'),
    use: readFlag(shape.use, options.use, '--use'),
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as Partial<DecisionRequest>),
  };
}

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

/** What each decision says itself; where anything else fails, the certificate proves nothing: it may have left something out. */
const SAID: Record<DecisionOutcome, readonly CheckId[]> = {
  deny: ['rights.decision', 'standing', 'lineage.complete'],
  unknown: ['rights.decision', 'lineage.complete'],
  conditional: [],
  allow: [],
};

async function decideFrom(
  cli: Cli,
  certificate: string,
  { record, use, at, ...question }: DecisionRequest,
  trust: TrustPolicy,
): Promise<Decision> {
  const policy: Policy = {
    policy: 'firsthand/v1',
    ...(at === undefined ? {} : { trust: { asOf: at } }),
    rights: { use: [use], ...question },
  };
  const report = await verifyCertificate({ certificate, trust, policy, now: cli.now() });
  const [decision] = report.rights?.uses ?? [];
  requireHolds(cli, report, record, decision === undefined ? [] : SAID[decision.decision]);
  if (decision === undefined) throw new CliError('verification-failed', 'the certificate decides nothing');
  return decision;
}
