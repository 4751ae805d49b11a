import type { ImpactItem, TouchedHow, TouchedWhen } from '../../../schemas/impact.ts';
import type { StatementId } from '../../../schemas/primitives.ts';
import type { StatementKind } from '../../../schemas/statement.ts';
import { join, sanitizeLine, table, text, type Rendered, type Style } from '../terminal.ts';
import type { TouchedCertificate } from './touched-certificates.ts';

/** What the command answers. */
export interface ImpactAnswer {
  statement: StatementId;
  /** Null where offline no certificate carries it. */
  kind: StatementKind | null;
  note: string;
  /** Null offline: then nothing is known but the certificates. */
  asOf: { size: number } | null;
  items: ImpactItem[];
  next: number | null;
  certificates: TouchedCertificate[];
}

const WHEN: Record<TouchedWhen, string> = {
  always: 'touched',
  'reaching-back': 'if it reaches back',
  never: 'not touched',
};

const HOW: Record<TouchedHow, string> = {
  itself: 'no longer holds',
  authority: 'its signer had no right to sign it',
  ancestor: 'something that it is made of falls',
  subject: 'the record that it is about falls',
  rights: 'the licensee loses what the grant permits',
  review: 'loses a review',
};

/** What a withdrawal would touch, for people. */
export function renderImpact(
  { statement, kind, note, asOf, items, next, certificates }: ImpactAnswer,
  style: Style,
): Rendered {
  const what = kind === null ? statement : `the ${kind} ${statement}`;
  const rows = items.map((item) => [
    WHEN[item.when],
    item.kind,
    item.id,
    `${item.name ?? ''}${item.revoked ? ' (revoked already)' : ''}`,
    wordsFor(item),
  ]);
  const saved = certificates.map(({ file, record, when, how, fault }) => [
    when === null ? 'not known' : WHEN[when],
    file,
    record ?? '',
    fault ?? (how === null ? '' : HOW[how]),
  ]);
  return join([
    text`${style.bold('withdrawing')} ${what}`,
    text`${note}`,
    style.dim(asOf === null ? 'by saved certificates alone' : `by the log of ${asOf.size} entries`),
    ...(rows.length === 0 ? [] : [text``, ...table(rows).map((row) => text`${row}`)]),
    ...(next === null ? [] : [text`more: --after ${next}`]),
    ...(saved.length === 0
      ? []
      : [text``, text`saved certificates: ${saved.length}`, ...table(saved).map((row) => text`${row}`)]),
  ]);
}

function wordsFor({ how, through, otherwise }: ImpactItem): string {
  const by = otherwise === null ? '' : `; ${otherwise} vouches as well`;
  return sanitizeLine(`${HOW[how]}${through === null ? '' : ` (${through.relation} ${through.id})`}${by}`);
}
