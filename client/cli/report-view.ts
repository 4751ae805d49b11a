import type { Report } from '../../schemas/report.ts';
import { formatShare } from '../../protocol/share.ts';
import { join, sanitizeLine, table, text, type Rendered, type Style } from './terminal.ts';

const MARK = { pass: '✓', fail: '✗', warn: '!', skipped: '–' } as const;

/** A report for people: the verdict, every check, and what the content is made of. */
export function renderReport(report: Report, style: Style): Rendered {
  const verdict = report.verdict === 'pass' ? style.green('PASS') : style.red('FAIL');
  const paint = { pass: style.green, fail: style.red, warn: style.yellow, skipped: style.dim };
  const subject =
    report.subject ?? (report.subjects.length === 0 ? 'no record' : `a mix of ${report.subjects.length} records`);
  const rows = table(report.checks.map((check) => [check.id, check.detail]));
  const checks = report.checks.map((check, i) => text`${paint[check.outcome](MARK[check.outcome])} ${rows[i] ?? ''}`);
  return join([
    text`${verdict}  ${subject}`,
    style.dim(`as of ${sanitizeLine(report.asOf)}`),
    text``,
    ...checks,
    ...summary(report),
  ]);
}

function summary({ humans, assistance, coverage }: Report): Rendered[] {
  const rows: string[][] = [];
  if (humans !== null) {
    const count = humans.min === humans.max ? `${humans.min}` : `${humans.min} to ${humans.max}`;
    rows.push(['distinct humans', count]);
  }
  if (assistance !== null) {
    // Of what is here where there is anything; else of all that the records hold.
    const levels = coverage === null || coverage.matched === 0 ? assistance.shares : coverage.assistance;
    const shares = Object.entries(levels).map(([level, share]) => `${level} ${formatShare(share)}`);
    rows.push([
      'assistance',
      shares.length === 0 ? `worst: ${assistance.worst}` : `${shares.join(', ')}; worst: ${assistance.worst}`,
    ]);
  }
  if (coverage !== null) {
    const what = coverage.rows === coverage.files ? 'files' : 'rows';
    rows.push([`${what} certified`, `${coverage.matched} of ${coverage.rows}`]);
    for (const {
      record,
      contributor,
      rows: count,
      share,
      assistance: level,
      standing,
      accepted,
    } of coverage.byRecord) {
      const judged = `${level}, ${standing}${accepted ? '' : ', refused by the policy'}`;
      rows.push(['', `${count} (${formatShare(share)}) of ${record} by ${contributor} (${judged})`]);
    }
    if (coverage.duplicates > 0) rows.push(['duplicates', `${coverage.duplicates}`]);
    if (coverage.refused > 0) rows.push(['refused', `${coverage.refused}`]);
    const { min, max } = coverage.humans;
    if (coverage.byRecord.length > 0) rows.push(['humans behind these', min === max ? `${min}` : `${min} to ${max}`]);
  }
  return rows.length === 0 ? [] : [text``, ...table(rows).map((row) => text`${row}`)];
}
