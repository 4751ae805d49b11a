import * as z from 'zod';
import { ImpactQuery } from '../../../schemas/impact.ts';
import { StatementId } from '../../../schemas/primitives.ts';
import { ok } from '../../../protocol/result.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readFlag } from '../flags.ts';
import { impactPages } from '../impact/impact-pages.ts';
import { renderImpact, type ImpactAnswer } from '../impact/impact-view.ts';
import { touchedCertificates, type SavedImpact } from '../impact/touched-certificates.ts';
import { text } from '../terminal.ts';
import { connect } from '../trust-store.ts';
import { trustByOrigin } from '../verifying/trust-by-origin.ts';
import { findCertificates } from '../watch/find-certificates.ts';

export interface ImpactOptions {
  certificates?: string[];
  offline?: boolean;
  after?: string;
  limit?: string;
}

/** Statements that are listed unless more are asked for. */
const LISTED = '1000';

const Most = z
  .string()
  .regex(/^[1-9]\d{0,6}$/, 'expected a number from 1 to 9999999')
  .transform(Number);

/** Says what withdrawing a statement would touch: by the registry, and by saved certificates. */
export async function impact(cli: Cli, statement: string, options: ImpactOptions): Promise<void> {
  const id = readFlag(StatementId, statement, 'ID');
  const after = readFlag(ImpactQuery.shape.after, options.after, '--after');
  const most = readFlag(Most, options.limit ?? LISTED, '--limit');
  const paths = options.certificates ?? [];
  if (options.offline === true && paths.length === 0) {
    throw new CliError('usage', '--offline tells by saved certificates', 'give --certificates FOLDER');
  }
  const saved = paths.length === 0 ? [] : await findCertificates(paths);
  const texts = saved.map(({ text }) => text);
  let answer: ImpactAnswer;
  if (options.offline === true) {
    const found = await touchedCertificates(id, saved, await trustByOrigin(cli, texts), cli.now());
    answer = { ...offlineAnswer(id, found, saved.length), certificates: found.certificates };
  } else {
    const connection = await connect(cli);
    const told = await impactPages(cli, connection, id, { after, most });
    const { certificates } = await touchedCertificates(id, saved, () => ok(connection.trust), cli.now());
    answer = { ...told, certificates };
    if (told.next !== null && told.items.length < most) {
      cli.out.note(text`note: the registry names nothing page after page; it may go on from --after ${told.next}`);
    }
  }
  cli.out.result(answer, () => renderImpact(answer, cli.out.style));
}

function offlineAnswer(id: StatementId, { target }: SavedImpact, searched: number): Omit<ImpactAnswer, 'certificates'> {
  const note = target?.note ?? `none of ${searched} certificates carries it`;
  return { statement: id, kind: target?.kind ?? null, note, asOf: null, items: [], next: null };
}
