import { StatementId } from '../../../schemas/primitives.ts';
import { ExportFormat, type RightsExport } from '../../../schemas/rights-export.ts';
import { writeExport } from '../../../protocol/rights/export/export.ts';
import { surveyOf } from '../../../protocol/rights/export/survey.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { writeOutput } from '../durable-file.ts';
import { readFlag } from '../flags.ts';
import { provenEvidence } from '../proven.ts';
import { readAt } from '../question.ts';
import { text } from '../terminal.ts';

export interface ExportOptions {
  as: string;
  certificate?: string;
  offline?: boolean;
  at?: string;
  output?: string;
}

/** What an export may cost on one's own machine, as `limits.decisionWork`: a minute or so. */
const WORK = 2 ** 27;

/** Says the rights in a record in another vocabulary, by its certificate; what that cannot say goes to stderr. */
export async function exportRights(cli: Cli, argument: string, options: ExportOptions): Promise<void> {
  const id = readFlag(StatementId, argument, 'ID');
  const format = readFlag(ExportFormat, options.as, '--as');
  const time = readAt(options.at, cli.now());
  const { evidence, at } = await provenEvidence(cli, id, options, time);
  const work = { left: WORK };
  const survey = surveyOf(evidence, id, at, work);
  if (work.left < 0) throw new CliError('failed', 'the lineage and its rules are more than can be weighed');
  const written = writeExport(format, survey);
  const file = fileOf(written);
  const { output } = options;
  if (output !== undefined && file !== null) await writeOutput(output, file);
  if (!cli.out.json) for (const sentence of written.lost) cli.out.note(text`not said: ${sentence}`);
  if (cli.out.json || (output !== undefined && file !== null)) {
    cli.out.result(written, () => text`saved ${output ?? ''}`);
  } else if (file === null) cli.out.note(text`${written.version} can say nothing of it`);
  else cli.out.raw(file);
}

function fileOf({ document }: RightsExport): string | null {
  if (document === null) return null;
  const content = typeof document === 'string' ? document : JSON.stringify(document, null, 2);
  return content.endsWith('\n') ? content : `${content}\n`;
}
