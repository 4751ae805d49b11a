import type { DecisionOutcome } from '../../../schemas/decision.ts';
import { join, sanitizeLine, table, text, type Rendered, type Style } from '../terminal.ts';
import type { Portfolio, PortfolioLine } from './portfolio.ts';

/** Steps of a way that are named. */
const STEPS = 6;

/** The records from one to the other, by the names that they give themselves. */
export function nameOfWay(path: PortfolioLine['path']): string {
  const names = path.map(({ record, name }) => name ?? record);
  const shown = names.length <= STEPS ? names : [...names.slice(0, STEPS - 2), '…', ...names.slice(-1)];
  return path.length < 2 ? '' : shown.join(' › ');
}

/** A mix for people: the answer, a line for each record, what is owed, and what changes when. */
export function renderPortfolio(of: Portfolio, style: Style): Rendered {
  const { decision, use, records, duties, at, until, counts, changes, note } = of;
  const summary = Object.entries(counts).flatMap(([outcome, count]) => (count === 0 ? [] : [`${outcome} ${count}`]));
  const rows = table([
    ['', 'record', 'name', 'duties', 'through', 'why'],
    ...records.map((line) => [line.decision, line.record ?? line.file ?? '', ...cellsOf(line)]),
  ]);
  const owed = duties.map((duty) => {
    const owing = records.filter((line) => line.duties.includes(duty)).length;
    return text`duty: ${duty} (${owing} of ${records.length} records)`;
  });
  const turns = records.flatMap((line) => line.changes.map((change) => ({ ...change, line })));
  return join([
    text`${paint(style, decision)(decision.toUpperCase())}  ${use} of a mix of ${records.length} records: ${summary.join(', ')}`,
    style.dim(`as of ${at}`),
    text``,
    ...rows.map((row, i) => (i === 0 ? style.dim(row) : text`${row}`)),
    ...(owed.length === 0 ? [] : [text``, ...owed]),
    text``,
    text`${turns.length === 0 ? 'nothing changes' : 'what changes'} until ${until}, ${note}`,
    ...turns
      .toSorted((a, b) => (a.at < b.at ? -1 : 1))
      .map(
        (turn) =>
          text`${turn.at}  ${turn.from.decision} → ${turn.to.decision}  ${sanitizeLine(turn.line.name ?? '')} ${turn.line.record ?? ''}\n  ${sanitizeLine(turn.because.map(({ reason }) => reason).join('; '))}`,
      ),
    ...changes.map((turn) => text`${turn.at}  the whole mix: ${turn.from} → ${turn.to}`),
    ...records.flatMap((line) =>
      line.through === null || line.through >= until
        ? []
        : [text`not looked further than ${line.through} for ${line.record ?? ''}: its rules are too many`],
    ),
  ]);
}

const cellsOf = ({ name, duties, path, limitedBy, fault, decision }: PortfolioLine): string[] => [
  name ?? '',
  duties.join(', '),
  nameOfWay(path),
  decision === 'allow' ? '' : (fault ?? limitedBy?.reason ?? ''),
];

const paint = (style: Style, decision: DecisionOutcome): ((value: string) => Rendered) =>
  ({ allow: style.green, conditional: style.yellow, unknown: style.yellow, deny: style.red })[decision];
