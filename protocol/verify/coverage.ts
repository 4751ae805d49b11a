import { ASSISTANCE_LEVELS, type AssistanceLevel } from '../../schemas/dataset-record.ts';
import type { Policy } from '../../schemas/policy.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Coverage, StandingState } from '../../schemas/report.ts';
import { ancestorsOf, madeFrom, worse, type Lineage } from '../lineage.ts';
import type { ContentMatch, LocalContent } from './content.ts';
import type { Findings } from './findings.ts';
import { countHumans } from './human.ts';

interface Judged {
  lineage: Lineage;
  levels: ReadonlyMap<StatementId, AssistanceLevel>;
  standing: ReadonlyMap<StatementId, StandingState>;
  vouched: Parameters<typeof countHumans>[0];
  policy: Policy;
  /** All that was found but the coverage itself. */
  findings: Findings;
}

/** What the content that is here is made of, in the terms of everything that was judged before. */
export function coverageOf(match: ContentMatch, judged: Judged): Coverage {
  const { lineage, levels, standing, vouched } = judged;
  const refused = refusedRecords(judged);
  const byRecord = match.byRecord.map(({ record, rows }) => ({
    record: record.id,
    contributor: record.document.issuer,
    rows,
    share: rows / match.rows,
    assistance: levels.get(record.id) ?? 'none',
    standing: standing.get(record.id) ?? 'untrusted',
    accepted: !refused.has(record.id),
  }));
  const rowsOf = (those: typeof byRecord): number => those.reduce((sum, { rows }) => sum + rows, 0);
  const here = madeFrom(
    lineage,
    byRecord.map(({ record }) => record),
  );
  const shares = ASSISTANCE_LEVELS.flatMap((level) => {
    const rows = rowsOf(byRecord.filter(({ assistance }) => assistance === level));
    return rows === 0 ? [] : [[level, rows / match.rows] as const];
  });
  return {
    rows: match.rows,
    matched: rowsOf(byRecord),
    unmatched: match.unmatched.reduce((sum, { count }) => sum + count, 0),
    files: match.files,
    duplicates: match.duplicates,
    refused: rowsOf(byRecord.filter(({ accepted }) => !accepted)),
    humans: countHumans(vouched, here),
    assistance: Object.fromEntries(shares),
    byRecord,
  };
}

/** The records that fail the policy, themselves or by something that they are made of. */
function refusedRecords({ lineage, levels, policy, findings }: Judged): Set<StatementId> {
  const max = policy.assistance?.max ?? 'synthetic';
  const refused = new Set<StatementId>();
  // The log orders records after their ancestors, so each one's ancestors are judged before it.
  for (const record of lineage.records.toSorted((a, b) => a.index - b.index)) {
    const exceeds = worse(levels.get(record.id) ?? 'none', max) !== max;
    const fails = exceeds || findings.hasFailedOn(record.id) || ancestorsOf(record).some((id) => refused.has(id));
    if (fails) refused.add(record.id);
  }
  return refused;
}

/** Holds the coverage against the policy: all of the content, unless it says less. */
export function checkCoverage(
  content: LocalContent | undefined,
  match: ContentMatch | null,
  policy: Policy,
  findings: Findings,
): void {
  if (content === undefined || match === null) {
    const asked = policy.content !== undefined;
    for (const id of ['content.root', 'content.coverage'] as const) {
      if (asked) findings.fail(id, 'the policy asks for coverage, but no files were given to compare');
      else findings.add(id, 'skipped', 'no files were given to compare');
    }
    return;
  }
  const needed = policy.content?.minCoverage ?? 1;
  const matched = match.byRecord.reduce((sum, { rows }) => sum + rows, 0);
  const what = content.files.some(({ rowDigests }) => rowDigests != null) ? 'rows' : 'files';
  const detail = `${matched} of ${match.rows} ${what} here are certified`;
  if (match.rows > 0 && matched / match.rows >= needed) {
    findings.add('content.coverage', match.unmatched.length === 0 ? 'pass' : 'warn', detail);
    return;
  }
  findings.fail('content.coverage', `${detail}, ${needed * 100} % are required`);
  for (const unmatched of match.unmatched) findings.fail('content.coverage', unmatched.detail);
}
