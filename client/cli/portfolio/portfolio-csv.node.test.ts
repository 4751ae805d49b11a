import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { idOf } from '../../../test/support/statements.ts';
import { mixOf, type PortfolioLine } from './portfolio.ts';
import { portfolioCsv } from './portfolio-csv.ts';

const line = (name: string): PortfolioLine => ({
  record: idOf('record'),
  name,
  file: null,
  decision: 'allow',
  duties: [],
  limitedBy: null,
  path: [],
  fault: null,
  warnings: [],
  changes: [],
  through: null,
  asOf: null,
});
const csvOf = (name: string): string =>
  portfolioCsv(
    mixOf({ use: 'train', at: '2026-06-01T00:00:00.000Z', until: '2026-07-01T00:00:00.000Z' }, [line(name)]),
  );

test.each([
  ['=1+1', "'=1+1"],
  [' =1+1', "' =1+1"],
  ['orchard;=HYPERLINK(A1)', "orchard;'=HYPERLINK(A1)"],
  ['orchard,"; @SUM(1)', `orchard,";' @SUM(1)`],
  ['orchard;\uff1d1', "orchard;'\uff1d1"],
  ['red \u001b[31m\r\n=1', 'red \\u{1b}[31m\\u{d}\\n=1'],
  ['orchard - 2026; a=b, c+d', 'orchard - 2026; a=b, c+d'],
])('%j runs nothing, whatever a spreadsheet cuts cells at', (name, cell) => {
  const csv = csvOf(name);
  expect(parse(csv)[1]?.[1]).toBe(cell);
  for (const separator of [';', ',', '\t']) {
    for (const cut of csv.split(separator)) expect(cut).not.toMatch(/^"?\s*[=+\-@\uff1d]/);
  }
});
