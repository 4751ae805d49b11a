import type { DecisionChange } from '../../../protocol/rights/changes.ts';
import { sanitizeLine } from '../terminal.ts';
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

/** What a spreadsheet runs as a formula, at the beginning of a cell; some cut cells at semicolons, whatever the quotes. */
const FORMULA = /(^|[;,|"])(\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/** One cell. Names and reasons are other people's words: an apostrophe tells a formula to be text (OWASP, “CSV injection”). */
function csvCell(value: string): string {
  const text = sanitizeLine(value).replace(FORMULA, "$1'$2");
  return /[",]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
