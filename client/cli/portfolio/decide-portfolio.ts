import type { DecisionQuestion } from '../../../schemas/decision.ts';
import { limits } from '../../../schemas/limits.ts';
import type { StatementId } from '../../../schemas/primitives.ts';
import { toBase64 } from '../../../protocol/bytes.ts';
import { wayTo } from '../../../protocol/lineage.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import { changesOf } from '../../../protocol/rights/changes.ts';
import type { Work } from '../../../protocol/rights/evaluate.ts';
import { logTimeOf } from '../../../protocol/time.ts';
import { RegistryError, UntrustedError } from '../../errors.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { progressBar } from '../progress.ts';
import { connect } from '../trust-store.ts';
import { proveDecision } from '../verifying/prove.ts';
import { trustByOrigin } from '../verifying/trust-by-origin.ts';
import type { PortfolioLine } from './portfolio.ts';
import type { Holding } from './read-portfolio.ts';

/** Records whose certificates are fetched at the same time. */
const AT_ONCE = 4;

/** What looking ahead may cost over all records together. */
const WORK = 4 * limits.decisionWork;

/** What is asked of every record, and over which time, in milliseconds. */
export interface Asked {
  question: DecisionQuestion;
  at: number;
  until: number;
}

/** Decides about every record by a certificate fetched for it. What is not there is a line; a network that fails ends it. */
export async function decideOnline(cli: Cli, holdings: readonly Holding[], asked: Asked): Promise<PortfolioLine[]> {
  const ending = new AbortController();
  const { client, trust } = await connect(cli, {}, { signal: ending.signal });
  const judge = judgeWith(cli, asked);
  const bar = progressBar(cli, 'fetching certificates', holdings.length);
  const lines: PortfolioLine[] = [];
  const waiting = holdings.entries();
  const work = async (): Promise<void> => {
    for (const [i, holding] of waiting) {
      const { record } = holding;
      lines[i] = record === null ? unproven(holding, NO_CERTIFICATE) : await fetched(record);
      bar?.increment();
    }
  };
  const fetched = async (record: StatementId): Promise<PortfolioLine> => {
    const holding: Holding = { record, saved: null };
    try {
      return await judge(holding, await client.certificate(record, asked.question.licensee), trust);
    } catch (error) {
      if (error instanceof UntrustedError) return unproven(holding, error.message);
      if (!(error instanceof RegistryError) || !['not-found', 'erased', 'too-large'].includes(error.code)) throw error;
      return { ...unproven(holding, error.message), decision: error.code === 'erased' ? 'deny' : 'unknown' };
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    ending.abort();
    bar?.stop();
  }
  return lines;
}

/** Decides about every record by the certificate that was saved of it, without a network. */
export async function decideOffline(cli: Cli, holdings: readonly Holding[], asked: Asked): Promise<PortfolioLine[]> {
  if (holdings.some(({ record, saved }) => record !== null && saved === null)) {
    throw new CliError('usage', '--offline decides from certificates', 'give a folder that holds one of each record');
  }
  const trustFor = await trustByOrigin(
    cli,
    holdings.flatMap(({ saved }) => saved?.text ?? []),
  );
  const judge = judgeWith(cli, asked);
  const lines: PortfolioLine[] = [];
  for (const holding of holdings) {
    const text = holding.saved?.text ?? '';
    const trust = trustFor(text);
    lines.push(trust.ok ? await judge(holding, text, trust.value) : unproven(holding, trust.reason));
  }
  return lines;
}

const NO_CERTIFICATE = 'the file is no certificate';

/** Of a record about which nothing is proven. Nothing permits it. */
const unproven = ({ record, saved }: Holding, fault: string): PortfolioLine => ({
  record,
  name: null,
  file: saved?.file ?? null,
  decision: 'unknown',
  duties: [],
  limitedBy: null,
  path: [],
  fault,
  warnings: [],
  changes: [],
  through: null,
  asOf: null,
});

/** Decides about one record after the other, with one bound on what looking ahead costs. */
function judgeWith(cli: Cli, { question, at, until }: Asked) {
  const work: Work = { left: WORK };
  return async (holding: Holding, certificate: string, trust: TrustPolicy): Promise<PortfolioLine> => {
    const { record } = holding;
    if (record === null) return unproven(holding, NO_CERTIFICATE);
    const request = { ...question, record, at: logTimeOf(at) };
    const proven = await proveDecision(certificate, request, trust, cli.now());
    if (!proven.ok) return unproven(holding, proven.reason);
    const { decision, evidence, checkpoint, warnings } = proven.value;
    const { changes, through } = changesOf(evidence, request, { from: at, until }, work);
    const { limitedBy } = decision;
    const nameOf = (id: StatementId): string | null => evidence.record(id)?.document.credentialSubject.name ?? null;
    return {
      ...unproven(holding, ''),
      name: nameOf(record),
      decision: decision.decision,
      duties: decision.duties,
      limitedBy,
      path: (limitedBy === null ? [] : wayTo(evidence, record, limitedBy.record)).map((id) => ({
        record: id,
        name: nameOf(id),
      })),
      fault: null,
      warnings,
      changes,
      through: logTimeOf(through),
      asOf: checkpoint === null ? null : { size: checkpoint.size, root: toBase64(checkpoint.root) },
    };
  };
}
