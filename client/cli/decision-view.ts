import type { Decision, DecisionReason } from '../../schemas/decision.ts';
import { join, sanitizeLine, text, type Rendered, type Style } from './terminal.ts';

const MARK = { permit: '✓', prohibit: '✗', none: '–' } as const;

/** A decision for people: the answer, what decides it, and what is owed. */
export function renderDecision(of: Decision, style: Style): Rendered {
  const { decision, record, use, duties, because, unlisted, at, asOf } = of;
  const paint = { allow: style.green, conditional: style.yellow, unknown: style.yellow, deny: style.red }[decision];
  return join([
    text`${paint(decision.toUpperCase())}  ${use} of ${record}`,
    style.dim(`as of ${at}${asOf === undefined ? '' : `, by the log of ${asOf.size} entries`}`),
    text``,
    ...because.map((reason) => renderReason(reason, record)),
    ...(unlisted === 0 ? [] : [text`  and those of ${unlisted} more records`]),
    ...(duties.length === 0 ? [] : [text``, text`duties: ${duties.join(', ')}`]),
  ]);
}

/** The sentence; under it, whose rights these are where they are not the record's own. */
function renderReason({ effect, reason, record, name, url }: DecisionReason, subject: string): Rendered {
  const sentence = text`${MARK[effect]} ${sanitizeLine(reason)}`;
  if (url !== undefined) return text`${sentence}\n  of ${sanitizeLine(url)}, which is not registered: unverified`;
  return record === subject
    ? sentence
    : text`${sentence}\n  of ${name === undefined ? '' : `${JSON.stringify(sanitizeLine(name))}, `}${record}`;
}
