import type { TouchedHow, TouchedWhen } from '../schemas/impact.ts';
import type { StatementId } from '../schemas/primitives.ts';
import type { StatementKind } from '../schemas/statement.ts';
import { Evidence, has, type Logged, type Present } from './evidence.ts';
import { lineageOf } from './lineage.ts';
import { authorityFault, issuerAccreditations, rolesAt, signingCredentials } from './standing.ts';

/** What a withdrawal does to one statement. */
export interface Touch {
  when: TouchedWhen;
  how: TouchedHow;
  /** Of `never`: who vouches as well. */
  otherwise: StatementId | null;
}

/** Kinds that vouch for what others sign: withdrawing one is no matter of the statement alone. */
export const vouches = (kind: StatementKind): boolean => kind === 'HumanCredential' || kind === 'Accreditation';

/** What withdrawing a statement that vouches for nobody does to another that rests on it, whatever was signed when. */
export const touchOf = (target: Pick<Logged, 'id' | 'kind'>, item: Pick<Logged, 'id' | 'kind'>): Touch => ({
  when: 'always',
  how: item.id === target.id ? 'itself' : howOf(target.kind, item.kind),
  otherwise: null,
});

/** What to say of a withdrawal of a statement; final where there can be none any more. */
export function noteOn({ kind, index, isErased }: Pick<Logged, 'kind' | 'index'> & { isErased: boolean }): {
  note: string;
  isFinal: boolean;
} {
  if (kind === 'Revocation') {
    return { note: 'a revocation cannot be withdrawn; submit the revoked statement anew', isFinal: true };
  }
  if (index === 0) return { note: 'entry 0 names the operator and cannot be withdrawn', isFinal: true };
  if (isErased) return { note: 'its body was erased: what rested on it has fallen already', isFinal: true };
  return { note: NOTES[kind], isFinal: false };
}

const BACK = 'stands after a plain withdrawal, and falls where its invalidSince reaches back to when that was logged';
const NOTES: Record<Exclude<StatementKind, 'Revocation'>, string> = {
  DatasetRecord: 'whatever is made of it, or is about that, is touched at once',
  HumanCredential: `what its key has signed ${BACK}, unless another credential vouches for it`,
  Accreditation: `what was signed under it ${BACK}, unless somebody else vouches for it`,
  RightsGrant: 'its licensee may no longer do what it permits with the record, or with what is made of that',
  ReviewRecord: 'the record loses this review',
};

function howOf(target: StatementKind, item: StatementKind): TouchedHow {
  if (target === 'RightsGrant') return 'rights';
  if (target === 'ReviewRecord') return 'review';
  return item === 'DatasetRecord' ? 'ancestor' : 'subject';
}

/**
 * What withdrawing `target` would do to other statements, by the same rules by which their standing is judged
 * (statements.md, docs/decisions/0006): what somebody vouched for stands when the credential or accreditation is plainly
 * withdrawn later, and falls where the withdrawal reaches back and nobody else vouches. Answers null of what does not
 * rest on it. `evidence` must hold what a certificate of the statement asked about holds.
 */
export function impactOf(evidence: Evidence, target: Logged, knownAt: number): (item: Logged) => Touch | null {
  const without = vouches(target.kind)
    ? new Evidence(
        evidence.operator,
        [...evidence.all()].filter(({ id }) => id !== target.id),
      )
    : null;
  const known = new Map<StatementId, Touch | null>();
  /** By the standing of its own signer. */
  const own = (item: Logged): Touch | null => {
    if (item.id === target.id) return { when: 'always', how: 'itself', otherwise: null };
    let touch = known.get(item.id);
    if (touch === undefined) known.set(item.id, (touch = without === null ? null : ofSigner(item, without)));
    return touch;
  };
  const ofSigner = (item: Logged, others: Evidence): Touch | null => {
    if (!isPresent(item) || authorityFault(evidence, item, knownAt) !== null) return null;
    if (!vouchersOf(evidence, item, knownAt).has(target.id)) return null;
    if (authorityFault(others, item, knownAt) !== null) {
      return { when: 'reaching-back', how: 'authority', otherwise: null };
    }
    const [otherwise = null] = vouchersOf(others, item, knownAt);
    return { when: 'never', how: 'authority', otherwise };
  };
  /** By that of anything that it is made of. */
  const ofRecord = (record: StatementId): Touch | null => {
    let worst: Touch | null = null;
    for (const each of lineageOf(evidence, record).records) {
      const isAncestor = each.id !== record;
      const touch = rightsTouch(target, each, isAncestor) ?? own(each);
      if (touch === null || (worst !== null && rank(touch) >= rank(worst))) continue;
      worst = isAncestor && touch.how !== 'rights' ? { ...touch, how: 'ancestor' } : touch;
    }
    return worst;
  };
  return (item) => {
    if (has(item, 'DatasetRecord')) return ofRecord(item.id);
    const mine = own(item);
    const subject = subjectOf(item);
    // A grant, or a review, of what is touched is another matter than one that is touched itself.
    if (subject === null || target.kind === 'RightsGrant' || target.kind === 'ReviewRecord') return mine;
    const through = ofRecord(subject);
    if (through === null || (mine !== null && rank(mine) <= rank(through))) return mine;
    return { ...through, how: 'subject' };
  };
}

const WHENS: readonly TouchedWhen[] = ['always', 'reaching-back', 'never'];
const rank = ({ when }: Touch): number => WHENS.indexOf(when);

/** Of several, that which is touched most surely. */
export const worstOf = (touches: readonly Touch[]): Touch | null =>
  touches.reduce<Touch | null>((worst, touch) => (worst === null || rank(touch) < rank(worst) ? touch : worst), null);

const isPresent = (logged: Logged): logged is Present => logged.document !== null;

/** A record, and all that is made of it, loses what a grant in it permits; and a record a review of it. */
function rightsTouch(target: Logged, record: Logged, isAncestor: boolean): Touch | null {
  if (target.kind !== 'RightsGrant' && (target.kind !== 'ReviewRecord' || isAncestor)) return null;
  return subjectOf(target) === record.id ? touchOf(target, record) : null;
}

/** The record that a grant or a review is about. */
function subjectOf(logged: Logged): StatementId | null {
  if (has(logged, 'RightsGrant')) return logged.document.credentialSubject.record;
  return has(logged, 'ReviewRecord') ? logged.document.credentialSubject.id : null;
}

/** Everything by which the signer of a statement had the right to sign it: credentials first, then accreditations. */
function vouchersOf(evidence: Evidence, logged: Present, knownAt: number): Set<StatementId> {
  const found: Present[] = [];
  if (has(logged, 'HumanCredential')) found.push(...issuerAccreditations(evidence, logged, logged, knownAt));
  if (has(logged, 'DatasetRecord') || has(logged, 'ReviewRecord')) {
    const credentials = signingCredentials(evidence, logged, knownAt);
    found.push(...credentials);
    for (const credential of credentials) {
      found.push(...issuerAccreditations(evidence, credential, credential, knownAt));
      found.push(...issuerAccreditations(evidence, credential, logged, knownAt));
    }
  }
  if (has(logged, 'DatasetRecord') && logged.document.credentialSubject.content === undefined) {
    found.push(...rolesAt(evidence, logged.document.issuer, 'publisher', logged, knownAt));
  }
  return new Set(found.map(({ id }) => id));
}
