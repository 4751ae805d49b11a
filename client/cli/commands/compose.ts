import { StatementId } from '../../../schemas/primitives.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readContent } from '../content/read-content.ts';
import { readFlag } from '../flags.ts';
import { connect } from '../trust-store.ts';
import { requireCovered } from '../verifying/composition.ts';
import { init, type InitOptions } from './init.ts';

/**
 * Describes a dataset that is made of rows of published ones, after checking that all of it is: `publish` then signs the
 * content together with the parts that it comes from.
 */
export async function compose(cli: Cli, path: string, options: InitOptions): Promise<void> {
  const parts = (options.part ?? []).map((part) => readFlag(StatementId, part, '--part'));
  const connection = await connect(cli);
  using content = await readContent(cli, path);
  if (content.files.length === 0) {
    throw new CliError(
      'not-found',
      `there are no files in ${path}`,
      'parts without content of one’s own: firsthand init',
    );
  }
  const coverage = await requireCovered(cli, connection, path, content, parts);
  await init(cli, path, { ...options, part: parts }, coverage);
}
