import { expect, test } from 'vitest';
import { COUNTRIES } from '../../schemas/country.ts';
import { ExportFormat, RightsExport } from '../../schemas/rights-export.ts';
import { writeExport } from '../../protocol/rights/export/export.ts';
import { surveyOf } from '../../protocol/rights/export/survey.ts';
import { JUNE, worldOf, type RecordCase } from './case-world.ts';
import cases from './exports.json' with { type: 'json' };
import { readContentUsage, readOffer, readRsl, ruleLine, type RslLicence } from './read-exports.ts';

/** What each format says of a record; null where it says nothing at all. */
interface ExportCase {
  /** The reasoning. */
  why: string;
  record: RecordCase;
  aipref: Record<string, string> | null;
  /** Of each entry its use, and words that its `constraint_info` has. */
  cawg: Record<string, string | [string, string]> | null;
  rsl: Partial<RslLicence>[] | null;
  odrl: string[] | null;
  tdmrep: number | null;
  /** Words of sentences that tell what was lost, by format. */
  lost?: Partial<Record<ExportFormat, string[]>>;
}

test.each(cases as unknown as ExportCase[])('$why', async ({ record, lost = {}, ...expected }) => {
  const { evidence, request } = await worldOf({ record, ask: { use: 'train' } });
  const survey = surveyOf(evidence, request.record, JUNE);
  const written = Object.fromEntries(
    ExportFormat.options.map((format) => [format, RightsExport.parse(writeExport(format, survey))]),
  ) as Record<ExportFormat, RightsExport>;
  const { aipref, cawg, rsl, odrl, croissant, tdmrep } = written;

  expect(aipref.document === null ? null : readContentUsage(aipref.document as string)).toEqual(expected.aipref);
  expect(cawg.document === null ? null : readCawg(cawg.document)).toEqual(expected.cawg);
  expect(rsl.document === null ? null : readRsl(rsl.document as string)).toEqual(
    expected.rsl?.map((licence) => ({
      permits: [],
      prohibits: [],
      payment: 'free',
      ...licence,
      geo: countriesOf(licence.geo ?? []),
    })) ?? null,
  );
  expect(odrl.document === null ? null : readOffer(odrl.document as Offer).map(ruleLine)).toEqual(expected.odrl);
  const usage = croissant.document === null ? null : ((croissant.document as Offer)['usageInfo'] as Offer);
  expect(usage === null ? null : readOffer(usage).map(ruleLine)).toEqual(expected.odrl);
  expect((tdmrep.document as Tdmrep | null)?.headers['tdm-reservation'] ?? null).toBe(
    expected.tdmrep === null ? null : `${expected.tdmrep}`,
  );
  expect((tdmrep.document as Tdmrep | null)?.file[0]?.['tdm-reservation'] ?? null).toBe(expected.tdmrep);
  for (const [format, sentences] of Object.entries(lost)) {
    for (const words of sentences) expect(written[format as ExportFormat].lost.join('\n')).toContain(words);
  }
});

/** “all but” and some countries stands for all others. */
const countriesOf = ([first, ...rest]: readonly string[]): readonly string[] => {
  if (first === 'all but') return COUNTRIES.filter((country) => !rest.includes(country));
  return first === undefined ? [] : [first, ...rest];
};

type Offer = Record<string, unknown>;
interface Tdmrep {
  headers: Record<string, string>;
  file: Record<string, unknown>[];
}

function readCawg(document: NonNullable<RightsExport['document']>): ExportCase['cawg'] {
  const { label, data } = document as { label: string; data: { entries: Record<string, Record<string, string>> } };
  expect(label).toBe('cawg.training-mining');
  return Object.fromEntries(
    Object.entries(data.entries).map(([entry, { use = '', constraint_info: info }]) => [
      entry,
      info === undefined ? use : [use, info.replace(/^[^:]*: (.*)\. Licence .*$/, '$1')],
    ]),
  );
}

test('what is more than may be weighed is not read for an export either', async () => {
  const urls = Array.from({ length: 64 }, (_, i) => ({ url: `https://example.org/${i}`, license: `LicenseRef-${i}` }));
  const { evidence, request } = await worldOf({ record: { license: 'CC0-1.0', urls }, ask: { use: 'train' } });
  const work = { left: 64 * 32 };
  const { facets, answers } = surveyOf(evidence, request.record, JUNE, work);
  expect(work.left).toBeLessThan(0);
  expect(facets.remarks).toEqual([]);
  expect(answers.map(({ widest }) => widest.outcome)).toEqual(['deny']);
});

test.each<[string, RecordCase]>([
  ['the record', { license: 'CC0-1.0', revoked: '2026-08-01T00:00:00Z' }],
  ['a part', { license: 'CC0-1.0', parts: [{ license: 'CC0-1.0', revoked: '2026-08-01T00:00:00Z' }] }],
])('as of a time before %s was revoked, nothing is offered for longer', async (_, record) => {
  const { evidence, request } = await worldOf({ record, ask: { use: 'train' } });
  const { document, lost } = writeExport('odrl', surveyOf(evidence, request.record, JUNE));
  const rules = readOffer(document as Offer).map(ruleLine);
  expect(rules).not.toEqual([]);
  for (const rule of rules) expect(rule).toContain('2026-08-01T00:00:00Z');
  expect(lost.join()).toMatch(/at 2026-08-01T00:00:00.000Z a rule or a record begins or ends/);
});

const BY: RecordCase = { license: 'CC-BY-4.0' };
test.each<[string, RecordCase, string | null]>([
  ['it is alone', BY, 'https://spdx.org/licenses/CC-BY-4.0'],
  ['all parts have the same', { ...BY, parts: [BY] }, 'https://spdx.org/licenses/CC-BY-4.0'],
  ['it is an expression', { license: 'MIT OR CC0-1.0' }, 'MIT OR CC0-1.0'],
  ['a part has another', { license: 'CC0-1.0', parts: [BY] }, null],
  ['a source has another', { license: 'CC0-1.0', urls: [{ url: 'https://example.org/', license: 'MIT' }] }, null],
  ['there are rules besides', { ...BY, rules: [{ effect: 'prohibit', uses: ['train'] }] }, null],
  ['it is revoked', { ...BY, revoked: '2026-05-01T00:00:00Z' }, null],
  ['a part is revoked', { ...BY, parts: [{ ...BY, revoked: '2026-05-01T00:00:00Z' }] }, null],
  ['a part is erased', { ...BY, parts: [{ ...BY, erased: true }] }, null],
])('in Croissant a licence stands by itself only where it says all: %s', async (_, record, license) => {
  const { evidence, request } = await worldOf({ record, ask: { use: 'train' } });
  const { document, lost } = writeExport('croissant', surveyOf(evidence, request.record, JUNE));
  const said = document as { license: unknown; usageInfo: { '@id': string } };
  expect(said.license).toEqual(license ?? { '@id': said.usageInfo['@id'] });
  expect(lost.some((sentence) => sentence.startsWith('license names the offer'))).toBe(license === null);
});
