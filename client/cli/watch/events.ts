import type { StatementId } from '../../../schemas/primitives.ts';
import type { Check } from '../../../schemas/report.ts';
import type { StatementKind } from '../../../schemas/statement.ts';
import { join, sanitizeLine, text, type Rendered, type Style } from '../terminal.ts';

/** A revocation as the log has it. */
export interface Because {
  revocation: StatementId;
  index: number;
  /** When it was logged. */
  since: string;
  reason: string;
  /** From when on what the statement covers is distrusted, where the revocation says so. */
  invalidSince: string | null;
  isErased: boolean;
}

interface AboutCertificate {
  /** The file. */
  certificate: string;
  subject: StatementId;
}

/** What `firsthand watch` says, a line each under --json. Public API: events and fields are added, never renamed. */
export type WatchEvent =
  /** Where it begins: entries before `from` are behind every certificate. */
  | { event: 'watching'; origin: string; from: number; certificates: number }
  /** Something that the certificate stands on no longer holds. `verdict` is what verify says now, `failed` why. */
  | (AboutCertificate & {
      event: 'fall';
      statement: StatementId | null;
      kind: StatementKind | null;
      because: Because | null;
      verdict: 'pass' | 'fail';
      failed: Check[];
    })
  /** Something that it carries, but does not stand on, was revoked. */
  | (AboutCertificate & { event: 'note'; statement: StatementId; kind: StatementKind; because: Because })
  | (AboutCertificate & { event: 'superseded'; statement: StatementId; by: StatementId; since: string })
  /** The status is older than the policy allows: whether the certificate still holds is not known. */
  | (AboutCertificate & { event: 'indeterminate'; failed: Check[] })
  | (AboutCertificate & { event: 'recovered' })
  /** Nothing was heard of the registry since. */
  | { event: 'stale'; registry: string; since: string; reason: string }
  | { event: 'back'; registry: string; since: string }
  /** The end of a run with --once. */
  | { event: 'done'; origin: string; size: number; certificates: number; falls: number };

/** An event for people. */
export function renderEvent(event: WatchEvent, style: Style): Rendered {
  switch (event.event) {
    case 'watching':
      return text`watching ${event.certificates} certificate(s) of ${event.origin}, from entry ${event.from} on`;
    case 'fall':
      return join([
        text`${style.red('FALL')}  ${event.certificate}  (${event.subject})`,
        ...(event.statement === null ? [] : [text`  ${event.statement}${whatOf(event)}`]),
        ...reasonLines(event.because),
        ...event.failed.map(({ id, detail }) => text`  ${style.red('✗')} ${id}: ${sanitizeLine(detail)}`),
        ...(event.verdict === 'pass' ? [text`  by your policy the certificate itself still passes`] : []),
      ]);
    case 'note':
      return join([
        text`${style.yellow('note')}  ${event.certificate}: it carries, but does not stand on`,
        text`  ${event.statement} (${event.kind})`,
        ...reasonLines(event.because),
      ]);
    case 'superseded':
      return text`${style.yellow('superseded')}  ${event.certificate}: ${event.statement} has a new version since ${event.since}: ${event.by}`;
    case 'indeterminate':
      return join([
        text`${style.yellow('INDETERMINATE')}  ${event.certificate}  (${event.subject})`,
        ...event.failed.map(({ id, detail }) => text`  ${id}: ${sanitizeLine(detail)}`),
      ]);
    case 'recovered':
      return text`${style.green('holds')}  ${event.certificate}`;
    case 'stale':
      return text`${style.yellow('STALE')}  nothing heard from ${event.registry} since ${event.since}: ${sanitizeLine(event.reason)}`;
    case 'back':
      return text`${style.green('back')}  ${event.registry}, away since ${event.since}`;
    case 'done':
      return text`${event.origin}: ${event.certificates} certificate(s) followed to size ${event.size}, falls: ${event.falls}`;
  }
}

const whatOf = ({ kind }: { kind: StatementKind | null }): string => (kind === null ? '' : ` (${kind})`);

const reasonLines = (because: Because | null): Rendered[] =>
  because === null
    ? []
    : [
        text`  revoked: ${because.reason}${because.isErased ? ', and erased' : ''}, since ${because.since} (entry ${because.index}, ${because.revocation})`,
        ...(because.invalidSince === null ? [] : [text`  what it covers is distrusted since ${because.invalidSince}`]),
      ];
