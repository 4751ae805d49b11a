import fc from 'fast-check';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { Statement } from '../../schemas/statement.ts';
import type { Logged } from '../../protocol/evidence.ts';
import { timestampOf } from '../../protocol/time.ts';
import { drafts, idOf, nullifierOf } from '../support/statements.ts';
import type { Line } from './replay.ts';

// Histories of small worlds, told twice: as documents, for protocol/standing.ts, and as plain lines, for the replay.
// Whatever could be signed and logged may happen in them, entitled or not: a verifier reads logs that it does not run.

/** When the histories begin: on a whole second, since signed times are. */
const BEGIN = Date.parse('2026-01-01T00:00:00Z');
/** The grain of signed times, and of the clock: events fall together, and between two seconds. */
const SECOND = 1000;
const TICK = 500;
const LEVELS = ['IAL1', 'IAL2', 'IAL3'] as const;

const did = (name: string): Did => `did:key:z6Mk${name}` as Did;
const OPERATOR = did('operator');
const ISSUERS = ['issuerOne', 'issuerTwo'].map(did);
const PEOPLE = ['ada', 'ben', 'cy'].map(did);
const PUBLISHER = did('publisher');
const ANYONE = [OPERATOR, ...ISSUERS, ...PEOPLE, PUBLISHER];

/** Ticks from the moment of signing; null where the field is left out. */
const span = fc.record({
  from: fc.oneof({ weight: 4, arbitrary: fc.constant(-2) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 }) }),
  until: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: 14 }) },
  ),
});
const mostly = <T>(usual: readonly T[], others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const level = fc.nat({ max: 2 });
/** Which earlier line: counted from the newest, so that what is shrunk stays close. */
const earlier = fc.nat({ max: 30 });

const event = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('accredit' as const),
      signer: mostly([OPERATOR], ANYONE),
      who: fc.constantFrom(...ISSUERS),
      level,
      span,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('license' as const),
      signer: mostly([OPERATOR], ANYONE),
      who: mostly([PUBLISHER], PEOPLE),
      span,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('attest' as const),
      signer: mostly(ISSUERS, ANYONE),
      who: fc.constantFrom(...PEOPLE),
      level,
      span,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('record' as const),
      signer: mostly(PEOPLE, ANYONE),
      replaces: fc.option(earlier),
      span,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('compose' as const),
      signer: mostly([PUBLISHER], ANYONE),
      part: earlier,
      span,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('review' as const), signer: mostly(PEOPLE, ANYONE), of: earlier, span }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('grant' as const), signer: mostly(PEOPLE, ANYONE), of: earlier, span }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('revoke' as const),
      by: fc.constantFrom('signer', 'signer', 'operator', 'anyone'),
      anyone: fc.constantFrom(...ANYONE),
      target: earlier,
      since: fc.option(fc.integer({ min: -20, max: 3 })),
      erase: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
      span,
    }),
  },
);
export type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

const ALWAYS = { from: -2, until: null };
/** How most worlds begin: with an issuer, two people whom it knows, and a publisher. */
const START: Event[] = [
  { does: 'accredit', signer: OPERATOR, who: ISSUERS[0] as Did, level: 1, span: ALWAYS },
  { does: 'attest', signer: ISSUERS[0] as Did, who: PEOPLE[0] as Did, level: 1, span: ALWAYS },
  { does: 'license', signer: OPERATOR, who: PUBLISHER, span: ALWAYS },
  { does: 'attest', signer: ISSUERS[0] as Did, who: PEOPLE[1] as Did, level: 0, span: ALWAYS },
];

/** Events, and the ticks that pass before each. Several may share one: a commit stamps all its entries alike. */
export const histories = fc
  .tuple(
    fc.constantFrom(0, START.length),
    fc.array(fc.record({ wait: fc.nat({ max: 4 }), event }), { minLength: 1, maxLength: 16 }),
  )
  .map(([start, rest]) => [...START.slice(0, start).map((each) => ({ wait: 0, event: each })), ...rest]);

export interface World {
  lines: Line[];
  logged: Logged[];
}

/** Lets a history happen. */
export function happen(history: readonly { wait: number; event: Event }[]): World {
  const lines: Line[] = [];
  const logged: Logged[] = [];
  let clock = BEGIN;

  const add = (
    signer: Did,
    { subject, ...draft }: { kind: Logged['kind']; subject: unknown },
    says: Line['says'],
    { from, until }: { from: number; until: number | null } = { from: -2, until: null },
  ): void => {
    const index = lines.length;
    const id = idOf(`line ${index}`);
    const second = (ticks: number): number => Math.floor((clock + ticks * TICK) / SECOND) * SECOND;
    const line = {
      id,
      signer,
      loggedAt: clock,
      from: second(from),
      until: until === null ? Infinity : second(until),
      erased: false,
      says,
    };
    lines.push(line);
    const document = {
      type: ['VerifiableCredential', draft.kind],
      issuer: signer,
      validFrom: timestampOf(line.from),
      ...(until === null ? {} : { validUntil: timestampOf(line.until) }),
      credentialSubject: subject,
    } as unknown as Statement;
    logged.push({ id, kind: draft.kind, index, loggedAt: clock, document });
  };
  const newest = (place: number, of: readonly Line[]): Line | undefined => of.at(-1 - (place % of.length));
  const records = (): Line[] => lines.filter(({ says }) => says.kind === 'DatasetRecord');

  add(OPERATOR, drafts.accreditation(OPERATOR), {
    kind: 'Accreditation',
    who: OPERATOR,
    vouchesTo: -1,
    publishes: false,
  });
  for (const { wait, event: it } of history) {
    clock += wait * TICK;
    switch (it.does) {
      case 'accredit':
        add(
          it.signer,
          drafts.identityIssuer(it.who, {
            frameworks: [{ framework: 'nist-800-63-4', maxLevel: LEVELS[it.level] as 'IAL1' }],
          }),
          { kind: 'Accreditation', who: it.who, vouchesTo: it.level, publishes: false },
          it.span,
        );
        break;
      case 'license':
        add(
          it.signer,
          drafts.accreditation(it.who, { roles: ['publisher'] }),
          { kind: 'Accreditation', who: it.who, vouchesTo: -1, publishes: true },
          it.span,
        );
        break;
      case 'attest': {
        const verification = {
          framework: 'nist-800-63-4',
          level: LEVELS[it.level] as 'IAL1',
          method: 'in-person',
          verifiedAt: timestampOf(clock),
        } as const;
        const draft = drafts.credential(it.who, it.who, { verification, nullifier: nullifierOf(it.who) });
        add(it.signer, draft, { kind: 'HumanCredential', who: it.who, level: it.level }, it.span);
        break;
      }
      case 'record': {
        const old = it.replaces === null ? undefined : newest(it.replaces, records());
        const more = old === undefined ? {} : { replaces: old.id };
        add(
          it.signer,
          drafts.record(it.signer, 'rows', more),
          { kind: 'DatasetRecord', authored: true, holder: it.signer, replaces: old?.id ?? null },
          it.span,
        );
        break;
      }
      case 'compose': {
        const part = newest(it.part, records());
        if (part === undefined) break;
        add(
          it.signer,
          drafts.composition(it.signer, [part.id]),
          { kind: 'DatasetRecord', authored: false, holder: it.signer, replaces: null },
          it.span,
        );
        break;
      }
      case 'review': {
        const of = newest(it.of, records());
        if (of !== undefined) add(it.signer, drafts.review(of.id), { kind: 'ReviewRecord' }, it.span);
        break;
      }
      case 'grant': {
        const of = newest(it.of, records());
        if (of !== undefined)
          add(it.signer, drafts.grant(PUBLISHER, of.id), { kind: 'RightsGrant', record: of.id }, it.span);
        break;
      }
      case 'revoke': {
        const target = newest(it.target, lines) as Line;
        const signer = { signer: target.signer, operator: OPERATOR, anyone: it.anyone }[it.by];
        const since = it.since === null ? null : Math.floor((clock + it.since * TICK) / SECOND) * SECOND;
        const erase = it.erase && target.says.kind !== 'Revocation' && target.says.kind !== 'Accreditation';
        const more = {
          ...(since === null ? {} : { invalidSince: timestampOf(since) }),
          ...(erase ? { erase: true as const } : {}),
        };
        add(
          signer,
          drafts.revocation(target.id, more),
          { kind: 'Revocation', target: target.id, since, erase },
          it.span,
        );
        // The log lets nobody else erase; and nobody but the operator revoke what is erased.
        if (erase && !target.erased && (signer === target.signer || signer === OPERATOR)) {
          target.erased = true;
          const at = lines.indexOf(target);
          logged[at] = { ...(logged[at] as Logged), document: null };
        }
      }
    }
  }
  return { lines, logged };
}

/** Every time at which an answer could change, a moment before it and after it, and the times between. */
export function timesIn({ lines }: World): number[] {
  const told = lines.flatMap(({ loggedAt, from, until, says }) => [
    loggedAt,
    from,
    ...(until === Infinity ? [] : [until]),
    ...(says.kind === 'Revocation' && says.since !== null ? [says.since] : []),
  ]);
  return [...new Set(told.flatMap((time) => [time - 1, time, time + 1]))].sort((a, b) => a - b);
}

export const idsOf = (of: Iterable<{ id: StatementId }>): StatementId[] => [...of].map(({ id }) => id).toSorted();
export { OPERATOR };
