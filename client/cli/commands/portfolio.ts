import * as z from 'zod';
import { logTimeOf } from '../../../protocol/time.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { exitCodeOf } from '../failure.ts';
import { readFlag } from '../flags.ts';
import { decideOffline, decideOnline } from '../portfolio/decide-portfolio.ts';
import { mixOf } from '../portfolio/portfolio.ts';
import { portfolioCsv } from '../portfolio/portfolio-csv.ts';
import { renderPortfolio } from '../portfolio/portfolio-view.ts';
import { readPortfolio } from '../portfolio/read-portfolio.ts';
import { readQuestion } from '../question.ts';
import { text } from '../terminal.ts';
import type { RightsOptions } from './rights.ts';

const DAY = 86_400_000;

/** A contract may run for a century. */
const Days = z
  .string()
  .regex(/^(0|[1-9]\d{0,4})$/, 'expected a number of days')
  .transform(Number)
  .pipe(z.int().max(36_525));

/**
 * Decides whether a use of a whole mix is permitted, record by record, and what of that changes within some days. Answers the
 * exit code: 0 where all of it is permitted, with duties or without, else 3.
 */
export async function portfolio(cli: Cli, path: string, options: RightsOptions): Promise<number> {
  if (options.certificate !== undefined) {
    throw new CliError('usage', '--certificate is of one record', 'give --portfolio a folder of certificates');
  }
  if (options.csv === true && cli.out.json) throw new CliError('usage', '--csv and --json exclude each other');
  const question = readQuestion(options, cli.now());
  const days = readFlag(Days, options.expiring ?? '90', '--expiring');
  const at = question.at === undefined ? cli.now() : Date.parse(question.at);
  const { holdings, remarks } = await readPortfolio(path);
  for (const remark of remarks) cli.out.note(text`note: ${remark}`);
  const asked = { question, at, until: at + days * DAY };
  const lines = await (options.offline === true ? decideOffline : decideOnline)(cli, holdings, asked);
  for (const { record, warnings } of cli.out.json ? [] : lines) {
    for (const warning of warnings) cli.out.note(text`note: ${record ?? ''}: ${warning}`);
  }
  const mix = mixOf({ use: question.use, at: logTimeOf(at), until: logTimeOf(asked.until) }, lines);
  if (options.csv === true) {
    cli.out.raw(portfolioCsv(mix));
    cli.out.note(text`${mix.decision.toUpperCase()}  ${mix.use} of a mix of ${lines.length} records; ${mix.note}`);
  } else cli.out.result(mix, () => renderPortfolio(mix, cli.out.style));
  return mix.decision === 'allow' || mix.decision === 'conditional' ? 0 : exitCodeOf('verification-failed');
}
