import { expect, test } from 'vitest';
import { COUNTRIES } from '../../../schemas/country.ts';
import type { RightsRule } from '../../../schemas/rights-rule.ts';
import { dimensionsOf } from './facets.ts';
import { countriesOf, countryIn, fieldIn, joined, zonesOf } from './zone.ts';

test('members that every rule holds or leaves out alike are one zone, and those that none names another', () => {
  expect(zonesOf([], 9)).toEqual([null]);
  expect(zonesOf([{ include: ['US', 'DE'] }, { exclude: ['CN', 'DE'] }], 9)).toEqual([
    null,
    { include: ['CN'] },
    { include: ['DE'] },
    { include: ['US'] },
    { exclude: ['CN', 'DE', 'US'] },
  ]);
  expect(zonesOf([{ include: ['US', 'DE'] }, { exclude: ['CN', 'DE'] }], 4)).toBeNull();
});

test('one member stands for a zone', () => {
  expect(countryIn({ include: ['US', 'DE'] })).toBe('US');
  expect(countryIn({ exclude: ['AD', 'AE'] })).toBe('AF');
  expect(countryIn({ exclude: [...COUNTRIES] })).toBeUndefined();
  expect(fieldIn({ exclude: ['other', 'other-', 'war'] })).toBe('other--');
  expect(countriesOf({ exclude: ['AD'] })).toHaveLength(COUNTRIES.length - 1);
});

test('zones of one whole are put together again', () => {
  expect(joined([{ include: ['US'] }, null])).toEqual([null]);
  expect(joined([{ include: ['US'] }, { include: ['DE', 'AT'] }])).toEqual([{ include: ['AT', 'DE', 'US'] }]);
  const rest = { exclude: ['CN', 'DE', 'US'] };
  expect(joined([{ include: ['DE'] }, rest])).toEqual([{ exclude: ['CN', 'US'] }]);
  const all = { include: ['CN', 'DE', 'US'] };
  expect(joined([all, rest])).toEqual([all, rest]);
});

const permit = (more: Partial<RightsRule>): RightsRule => ({ effect: 'permit', uses: ['train'], ...more });

test('what rules may divide is bounded, whatever they name', () => {
  const scattered = COUNTRIES.slice(0, 64).map((country, i) =>
    permit({ territory: { include: [country] }, field: { include: [`field-${i}`] }, purpose: 'research' }),
  );
  expect(dimensionsOf(scattered)).toMatchObject({ territories: [null], fields: [null] });
  const { purposes, releases, territories, fields } = dimensionsOf([
    ...scattered.slice(0, 20),
    permit({ modelRelease: 'internal' }),
  ]);
  expect(territories).toHaveLength(22);
  expect(purposes.length * releases.length * territories.length * fields.length).toBeLessThanOrEqual(512);
});

test('many fields of many rules are told apart in step with what is written', () => {
  const rules = Array.from({ length: 2000 }, (_, i) =>
    permit({ field: { include: Array.from({ length: 100 }, (_, j) => `field-${i}-${j}`) } }),
  );
  expect(dimensionsOf(rules)).toMatchObject({ fields: [null] });
  const alike = Array.from({ length: 20_000 }, (_, i) => `field-${i}`);
  expect(zonesOf([{ include: alike }, { exclude: alike }], 3)).toHaveLength(3);
});

test('every country named leaves no zone of others', () => {
  const all = permit({ territory: { include: [...COUNTRIES] } });
  expect(dimensionsOf([all]).territories).toEqual([null, { include: [...COUNTRIES] }]);
});
