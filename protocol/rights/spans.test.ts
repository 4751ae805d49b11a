import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { COUNTRIES } from '../../schemas/country.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { ModelRelease, Purpose, Use } from '../../schemas/rights-rule.ts';
import { anyRule } from '../../test/rights/worlds.ts';
import { clauseOf } from './clause.ts';
import { evaluate } from './evaluate.ts';
import { alternativesOf } from './licence-terms.ts';
import { LICENCES as LICENCE_TABLE } from './licences.ts';
import { decodePermits, encodePermits, permitting, type PublicQuestion } from './permits.ts';
import { commonSpans, spansOf, within, type Spans } from './spans.ts';
import { leavesOf, purposesOf, releasesOf } from './vocabulary.ts';

const LICENCES = [
  'MIT',
  'CC0-1.0',
  'CC-BY-SA-4.0',
  'CC-BY-NC-4.0',
  'CC-BY-NC-ND-4.0 OR GPL-3.0-only',
  'CC-BY-NC-4.0 OR CC-BY-ND-4.0 OR LicenseRef-x',
  'CC-BY-4.0 AND CC-BY-NC-4.0',
  'LicenseRef-x',
  'no licence at all',
];
const TERRITORIES: PublicQuestion['territory'][] = [undefined, ['US'], ['US', 'DE'], ['FR', 'BR'], ['BR']];
const TIMES = [
  '2025-06-01T00:00:00Z',
  '2026-01-01T00:00:00Z',
  '2026-01-31T23:59:59Z',
  '2026-02-01T00:00:00Z',
  '2026-04-01T00:00:00Z',
];
const QUESTIONS = Use.options.flatMap((use) =>
  Purpose.options.flatMap((purpose) => ModelRelease.options.map((modelRelease) => ({ use, purpose, modelRelease }))),
);

interface Terms {
  license: string;
  rules: RightsRule[];
}

const terms = fc.record({
  license: fc.constantFrom(...LICENCES),
  rules: fc.array(anyRule, { maxLength: 4 }),
});

/** A choice of any licences of the table, or of none of them. */
const chosen = fc.record({
  license: fc
    .array(fc.constantFrom('LicenseRef-x', ...LICENCE_TABLE.map(({ id }) => id)), { minLength: 2, maxLength: 4 })
    .map((ids) => ids.join(' OR ')),
  rules: fc.array(anyRule, { maxLength: 4 }),
});

/** As the engine decides it, one record after the other. */
const decided = (all: readonly Terms[], question: PublicQuestion, at: number): boolean =>
  all.every(({ license, rules }) => {
    const rights = {
      clauses: rules.map((rule, i) => clauseOf(rule, { source: 'rule', rule: i + 1 })),
      alternatives: alternativesOf(license),
    };
    const { outcome } = evaluate(rights, {
      uses: leavesOf[question.use],
      purposes: purposesOf[question.purpose ?? 'any'],
      releases: releasesOf[question.modelRelease ?? 'any'],
      territory: question.territory ?? null,
      field: null,
      licensee: null,
      at,
    });
    return outcome === 'allow' || outcome === 'conditional';
  });

test('what is indexed is what is decided, of every use, purpose and release', () => {
  const answers = { true: 0, false: 0 };
  const territory = fc.constantFrom(...TERRITORIES);
  const time = fc.constantFrom(...TIMES).map((each) => Date.parse(each));
  fc.assert(
    fc.property(fc.array(terms, { minLength: 1, maxLength: 3 }), territory, time, (all, countries, at) => {
      const [first = [], ...others] = all.map(({ license, rules }) => spansOf(license, rules));
      const spans = commonSpans(first, others);
      const inForce = spans?.find(({ from, until }) => from <= at && at < until);
      // As it is stored.
      const permits = inForce === undefined ? null : decodePermits(encodePermits(inForce.permits));
      for (const asked of QUESTIONS) {
        const question = { ...asked, ...(countries === undefined ? {} : { territory: countries }) };
        const expected = decided(all, question, at);
        answers[`${expected}`]++;
        if ((permits !== null && permitting(question)(permits)) !== expected) expect(question).toBe(expected);
      }
    }),
    { numRuns: 150, seed: 7 },
  );
  // A property that never met what it is about would hold as well.
  expect(answers.true).toBeGreaterThan(3_000);
  expect(answers.false).toBeGreaterThan(3_000);
});

/** The first and the last have nothing in common: with a choice between them, that went unnoticed. */
const APART: Terms[] = [
  {
    license: 'CC-BY-NC-4.0 OR CC-BY-ND-4.0 OR LicenseRef-x',
    rules: [{ effect: 'prohibit', uses: ['train', 'derive'], field: { exclude: ['healthcare'] } }],
  },
  { license: 'CC-BY-NC-4.0 OR CC-BY-ND-4.0 OR LicenseRef-x', rules: [] },
  { license: 'LicenseRef-x', rules: [{ effect: 'permit', uses: ['train.finetune', 'derive'] }] },
];

test('the order of what is combined, and saying it twice, make no difference', () => {
  const permitted = (of: Spans) =>
    of?.map(({ from, until, permits }) => [from, until, ...QUESTIONS.filter((asked) => permitting(asked)(permits))]);
  fc.assert(
    fc.property(fc.array(fc.oneof(terms, chosen), { minLength: 2, maxLength: 4 }), (all) => {
      const spans = all.map(({ license, rules }) => spansOf(license, rules));
      const [first = [], ...others] = spans;
      const once = permitted(commonSpans(first, others));
      expect(permitted(commonSpans(spans.at(-1) ?? [], spans.slice(0, -1).toReversed()))).toEqual(once);
      expect(permitted(commonSpans(first, [...others, ...spans]))).toEqual(once);
      // Combining choices multiplies them, which only the few kinds of licences in the table keep within bounds.
      for (const { permits } of commonSpans(first, others) ?? []) expect(permits.length).toBeLessThanOrEqual(8);
    }),
    { numRuns: 40, examples: [[APART]] },
  );
});

test('licences that permit alike are told alike', () => {
  const text = (license: string) => encodePermits((spansOf(license) as NonNullable<Spans>)[0]?.permits ?? []);
  expect(text('Apache-2.0')).toBe(text('MIT'));
  expect(text('MIT OR CC-BY-NC-4.0')).toBe(text('MIT'));
  expect(text('CC-BY-NC-4.0')).not.toBe(text('MIT'));
  expect(spansOf('LicenseRef-mine')).toEqual([]);
});

test('what changes with time is told span by span, and what does not is told once', () => {
  const until = '2026-02-01T00:00:00Z';
  const embargo: RightsRule = { effect: 'prohibit', uses: ['train'], period: { until } };
  const spans = spansOf('MIT', [embargo]);
  expect(spans?.map((span) => [span.from, span.until])).toEqual([
    [-Infinity, Date.parse(until)],
    [Date.parse(until), Infinity],
  ]);
  const twice = [embargo, { ...embargo, period: { from: until } }];
  expect(spansOf('MIT', twice)).toHaveLength(1);
  expect(within(spans ?? [], Date.parse(until) + 1, Infinity)).toHaveLength(1);
});

test('rules beyond the bounds are not told at all, and cost nothing', () => {
  const day = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString().replace('.000', '');
  const many: RightsRule[] = Array.from({ length: 17 }, (_, i) => ({
    effect: 'prohibit',
    uses: ['train'],
    period: { from: day(2 * i + 1), until: day(2 * i + 2) },
  }));
  expect(spansOf('MIT', many)).toBeNull();
  expect(commonSpans(spansOf('MIT', many), [spansOf('MIT')])).toBeNull();
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
  const countries = letters.flatMap((a) => letters.map((b) => a + b));
  const each: RightsRule[] = countries.slice(0, 64).map((country, i) => ({
    effect: 'prohibit',
    uses: ['train'],
    territory: { include: [country, ...countries.slice(64 + 4 * i, 68 + 4 * i)] },
    ...(i < 8 ? { period: { from: day(i + 1) } } : {}),
  }));
  expect(spansOf('MIT', each)).toBeNull();
});

test('a lineage whose terms take too much to combine is not told, and costs little', () => {
  const territory = { include: COUNTRIES.slice(0, 190) };
  const at = (day: number, hour: number) => `${new Date(Date.UTC(2026, 0, day, hour)).toISOString().slice(0, 19)}Z`;
  const spans = Array.from({ length: 4 }, (_, hour) =>
    spansOf('CC-BY-NC-4.0 OR CC-BY-ND-4.0 OR LicenseRef-x', [
      { effect: 'permit', uses: ['derive'], territory },
      { effect: 'prohibit', uses: hour === 0 ? ['embed', 'distil', 'search'] : ['embed'], territory },
      ...Array.from({ length: 14 }, (_, i): RightsRule => {
        const uses: Use[] = i % 2 === 0 ? ['distil'] : hour === 0 ? ['evaluate'] : ['search'];
        return { effect: 'prohibit', uses, territory, period: { from: at(i + 1, hour), until: at(i + 2, hour) } };
      }),
    ]),
  );
  // Nothing that each of them permits is past a bound, nor is what both of two do.
  expect(spans).not.toContain(null);
  expect(commonSpans(spansOf('MIT'), spans.slice(0, 1))).toHaveLength(15);
  expect(commonSpans(spansOf('MIT'), spans)).toBeNull();
});
