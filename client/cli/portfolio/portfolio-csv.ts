import type { DecisionChange } from '../../../protocol/rights/changes.ts';
import type { Portfolio, PortfolioLine } from './portfolio.ts';
import { nameOfWay } from './portfolio-view.ts';

const HEADER = [
  'record',
  'name',
  'decision',
  'duties',
  'limiting record',
  'through',
  'licence',
  'clause',
  'reason',
  'next change',
  'changes',
  'certificate',
];

/** A mix as CSV (RFC 4180), a line for each record. */
export const portfolioCsv = ({ records }: Portfolio): string =>
  [HEADER, ...records.map(cellsOf)].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');

function cellsOf(line: PortfolioLine): string[] {
  const { record, file, name, decision, duties, limitedBy, path, fault, changes, warnings } = line;
  return [
    record ?? file ?? '',
    name ?? '',
    decision,
    duties.join(' '),
    limitedBy?.record ?? '',
    nameOfWay(path),
    limitedBy?.license ?? '',
    limitedBy?.clause ?? '',
    fault ?? limitedBy?.reason ?? '',
    changes[0]?.at ?? '',
    changes.map(changeInWords).join('; '),
    warnings.join('; '),
  ];
}

const changeInWords = ({ at, from, to, because }: DecisionChange): string =>
  `${at}: ${from.decision} to ${to.decision}: ${because.map(({ reason }) => reason).join(', ')}`;

/**
 * One cell. Names and reasons are other people's words: spreadsheets run what begins with = + - @ or a tab, as a formula, so
 * that is told to be text by an apostrophe before it (OWASP, “CSV injection”).
 */
function csvCell(value: string): string {
  const text = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value;
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
