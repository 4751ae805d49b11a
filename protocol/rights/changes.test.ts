import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DecisionRequest } from '../../schemas/decision.ts';
import { limits } from '../../schemas/limits.ts';
import type { Did } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { happen, histories, OPERATOR } from '../../test/lifecycle/worlds.ts';
import { HOUR, registry } from '../../test/support/log.ts';
import { drafts, signed } from '../../test/support/statements.ts';
import { Evidence, has, type Logged } from '../evidence.ts';
import { timestampOf } from '../time.ts';
import { changesOf } from './changes.ts';
import { decide } from './decide.ts';

const BEGIN = Date.parse('2026-01-01T00:00:00Z');
const SECONDS = 36;
/** Statements end and begin on whole seconds; the log's clock goes in halves. */
const GRAIN = 250;

const second = fc.nat({ max: SECONDS }).map((seconds) => timestampOf(BEGIN + seconds * 1000));
const period = fc.oneof(
  fc.constant(undefined),
  second.map((from) => ({ from })),
  second.map((until) => ({ until })),
  fc
    .tuple(second, second)
    .filter(([from, until]) => from < until)
    .map(([from, until]) => ({ from, until })),
);
const rule: fc.Arbitrary<RightsRule> = fc
  .record({
    effect: fc.constantFrom('permit', 'permit', 'prohibit'),
    uses: fc.subarray(['train', 'train.rl', 'evaluate'] as const, { minLength: 1 }),
    period,
    duties: fc.constantFrom(undefined, ['attribute'] as const, ['pay'] as const),
  })
  .map((each) => JSON.parse(JSON.stringify(each)) as RightsRule);
const rights = fc.record({
  license: fc.constantFrom('LicenseRef-None', 'MIT', 'CC-BY-4.0'),
  rules: fc.array(rule, { maxLength: 3 }),
});

/** The same log, its records and grants with rules that come and go. */
function withRules(logged: readonly Logged[], each: readonly { license: string; rules: RightsRule[] }[]): Logged[] {
  return logged.map((one, i) => {
    const { license, rules } = each[i % each.length] as (typeof each)[number];
    if (has(one, 'DatasetRecord')) {
      const { credentialSubject } = one.document;
      const subject = { ...credentialSubject, rights: { ...credentialSubject.rights, license, rules } };
      return { ...one, document: { ...one.document, credentialSubject: subject } };
    }
    if (!has(one, 'RightsGrant') || rules.length === 0) return one;
    return { ...one, document: { ...one.document, credentialSubject: { ...one.document.credentialSubject, rules } } };
  });
}

const PUBLISHER = 'did:key:z6Mkpublisher' as Did;

const WINDOW = { from: BEGIN, until: BEGIN + SECONDS * 1000 };

/** The changes between all instants of a fine grid. */
function seenOnGrid(evidence: Evidence, request: DecisionRequest): string[] {
  const seen: string[] = [];
  let before: string | null = null;
  for (let at = WINDOW.from; at <= WINDOW.until; at += GRAIN) {
    const { decision, duties } = decide(evidence, request, at);
    const said = `${decision} ${duties.join()}`;
    if (before !== null && said !== before) seen.push(`${at} ${said}`);
    before = said;
  }
  return seen;
}

test('a fine grid of decisions shows every change that is listed, and no other', () => {
  let found = 0;
  fc.assert(
    fc.property(
      histories,
      fc.array(rights, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('train', 'evaluate'),
      fc.option(fc.constant(PUBLISHER), { nil: undefined }),
      (history, each, use, licensee) => {
        const logged = withRules(happen(history).logged, each);
        const evidence = new Evidence(OPERATOR, logged);
        for (const { id, kind } of logged) {
          if (kind !== 'DatasetRecord') continue;
          const request = { record: id, use, ...(licensee === undefined ? {} : { licensee }) } as DecisionRequest;
          const { changes, through } = changesOf(evidence, request, WINDOW);
          expect(through).toBe(WINDOW.until);
          expect(changes.map(({ at, to }) => `${Date.parse(at)} ${to.decision} ${to.duties.join()}`)).toEqual(
            seenOnGrid(evidence, request),
          );
          expect(changes.every(({ because }) => because.length > 0)).toBe(true);
          found += changes.length;
        }
      },
    ),
    { numRuns: 250, seed: 1 },
  );
  // A property that never met what it is about would hold as well.
  expect(found).toBeGreaterThan(100);
});

/** A record with a permit that ends, and a grant that comes in time to follow it. */
async function licensed() {
  const { log, alice, bob, operator } = await registry();
  const [end, later] = [log.now + 30 * 24 * HOUR, log.now + 60 * 24 * HOUR].map(timestampOf) as [string, string];
  const rules: RightsRule[] = [
    { effect: 'permit', uses: ['train'], period: { until: end } },
    { effect: 'permit', uses: ['evaluate'], period: { until: later } },
  ];
  const own = {
    holder: alice.did,
    license: 'LicenseRef-House',
    terms: { digest: drafts.record(alice.did, 'x').subject.id },
  };
  const part = log.append(await signed(drafts.record(alice.did, 'part', { rights: { ...own, rules } }), alice));
  const free = { holder: alice.did, license: 'CC0-1.0' };
  const whole = log.append(await signed(drafts.composition(alice.did, [part.id], { rights: free }), alice));
  const grant = log.append(
    await signed(
      drafts.grant(bob.did, part.id, {
        rules: [{ effect: 'permit', uses: ['train'], period: { from: later }, duties: ['pay'] }],
      }),
      alice,
    ),
  );
  const window = { from: log.now, until: log.now + 90 * 24 * HOUR };
  return { evidence: new Evidence(operator.did, log.logged()), part, whole, grant, bob, end, later, window };
}

test('says what ends and what begins, in a part of a part, and for whom', async () => {
  const { evidence, part, whole, grant, bob, end, later, window } = await licensed();
  const ask = (licensee?: Did) =>
    changesOf(evidence, { record: whole.id, use: 'train.rl', ...(licensee === undefined ? {} : { licensee }) }, window)
      .changes;
  const ended = {
    at: end.replace('Z', '.000Z'),
    from: { decision: 'allow', duties: [] },
    to: { decision: 'unknown', duties: [], limitedBy: { record: part.id, source: 'licence' } },
    because: [{ reason: 'rule 1 of the record, which permits train, ends', record: part.id }],
  };
  expect(ask()).toMatchObject([ended]);
  expect(ask(bob.did)).toMatchObject([
    ended,
    {
      at: later.replace('Z', '.000Z'),
      from: { decision: 'unknown', duties: [] },
      to: { decision: 'conditional', duties: ['pay'] },
      because: [{ reason: 'rule 1 of the grant, which permits train, begins', record: part.id, statement: grant.id }],
    },
  ]);
});

test('what begins at the end of the window belongs to it, what began with it does not', async () => {
  const { evidence, whole, end } = await licensed();
  const at = Date.parse(end);
  const ask = (from: number, until: number) =>
    changesOf(evidence, { record: whole.id, use: 'train' }, { from, until }).changes.length;
  expect([ask(at - 1, at), ask(at - 2, at - 1), ask(at, at + 1)]).toEqual([1, 0, 0]);
});

test('where more is asked than may be weighed, it says how far it looked', async () => {
  const { evidence, whole, bob, end, window } = await licensed();
  const request: DecisionRequest = { record: whole.id, use: 'train', licensee: bob.did };
  const work = { left: limits.decisionWork };
  changesOf(evidence, request, window, work);
  const spent = limits.decisionWork - work.left;
  const scarce = changesOf(evidence, request, window, { left: spent - 1 });
  expect(scarce).toMatchObject({ through: Date.parse(end), changes: [{ to: { decision: 'unknown' } }] });
  expect(changesOf(evidence, request, window, { left: 1 })).toEqual({ through: window.from, changes: [] });
});
