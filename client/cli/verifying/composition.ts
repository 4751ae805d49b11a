import type { Policy } from '../../../schemas/policy.ts';
import type { StatementId } from '../../../schemas/primitives.ts';
import type { Coverage } from '../../../schemas/report.ts';
import { verifyCertificates, type Verification } from '../../../protocol/verify/verify.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import type { Content } from '../content/read-content.ts';
import type { Connection } from '../trust-store.ts';
import { Evidence } from './evidence.ts';
import { unmatchedRows, type UnmatchedRow } from './unmatched.ts';

/** Only that the parts are authentic and in good standing, and that everything is covered; who made it is for buyers. */
const COVERED: Policy = { policy: 'firsthand/v1', content: { minCoverage: 1 } };

/** Rows that are named one by one. */
const NAMED = 20;

/**
 * Whether published parts, and what these compose, have every row and every other file of the content at `path`. Throws
 * CliError `verification-failed` that names what they do not have, or what is wrong with a part.
 */
export async function requireCovered(
  cli: Cli,
  { client, trust }: Connection,
  path: string,
  content: Content,
  parts: readonly StatementId[],
): Promise<Coverage> {
  using evidence = new Evidence(cli, client, []);
  for (const part of parts) await evidence.fetch(part, content);
  const verification = await verifyCertificates({
    certificates: evidence.certificates(),
    trust,
    policy: COVERED,
    now: cli.now(),
    content: evidence.localContent(content),
  });
  const { coverage, checks } = verification.report;
  const fault = checks.find(({ id, outcome }) => outcome === 'fail' && !id.startsWith('content.'));
  if (fault !== undefined) {
    throw new CliError('verification-failed', `the parts do not hold: ${fault.id}: ${fault.detail}`);
  }
  if (coverage === null || verification.report.verdict === 'fail') throw await notCovered(path, content, verification);
  return coverage;
}

async function notCovered(path: string, content: Content, { report, unmatched }: Verification): Promise<CliError> {
  const named: UnmatchedRow[] = [];
  for await (const row of unmatchedRows(path, content, unmatched)) {
    if (named.push(row) === NAMED) break;
  }
  const { rows = 0, unmatched: count = rows } = report.coverage ?? {};
  const why = report.checks.find(({ id, outcome }) => id === 'content.rows' && outcome === 'warn')?.detail;
  return new CliError(
    'verification-failed',
    `${count} of ${rows} rows here are in none of the parts${why === undefined ? '' : ` (${why})`}`,
    count > NAMED ? `the first ${NAMED} are named; all of them: firsthand verify ${path} --unmatched FILE` : null,
    named.map(({ file, line, row, text: said }) => ({
      path: line === undefined ? (row === undefined ? file : `${file} row ${row}`) : `${file} line ${line}`,
      message: said === undefined ? 'in no part' : said.slice(0, 200),
    })),
  );
}
