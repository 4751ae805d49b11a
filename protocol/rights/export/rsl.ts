import type { Duty, Use } from '../../../schemas/rights-rule.ts';
import { logTimeOf } from '../../time.ts';
import { leaves, say, unsaidInWords, type Said } from './coarse.ts';
import type { Written } from './format.ts';
import { groupsFor } from './say.ts';
import type { Answers, Settled, Survey } from './survey.ts';
import { RSL_TERMS, type RSL_USAGES } from './terms.ts';
import { xmlDocument, type Element } from './text.ts';
import { recordUri } from './uri.ts';
import { countriesOf, joined, type Zone } from './zone.ts';

export const RSL_NAMESPACE = 'https://rslstandard.org/rsl';

type Usage = (typeof RSL_USAGES)[number];

/** What one `<license>` says: what may be done where, and for what. */
interface Licence {
  usages: Usage[];
  zone: Zone;
  payment: 'free' | 'attribution';
}

/**
 * An RSL 1.0 document (RSL-SPEC-1.0 of 10 December 2025, §3), as XML: one `<content>` for the record on its registry, and
 * one `<license>` for what is free, what asks for credit (`<payment type="attribution">`, §3.7), and either in some
 * countries only (`<permits type="geo">`, §3.5). A licence that permits nothing by name would permit whatever it does not
 * prohibit, so there is a document only where something is permitted, or every usage is prohibited.
 */
export function toRsl(survey: Survey): Written {
  const said = RSL_TERMS.map((term) => say(survey, term));
  const licences = licencesOf(survey, said);
  const permitted = new Set(licences.flatMap(({ usages }) => usages));
  const prohibited = said.flatMap(({ term, says }) => (says === 'no' && !permitted.has(term) ? [term] : []));
  const lost = [
    ...said.flatMap((each) => (paymentFor(each) === null ? each.lost : [])),
    ...said
      .filter(({ term, says }) => says === 'no' && permitted.has(term))
      .map(({ term }) => `${term}: that it is denied elsewhere is said only by not permitting it there`),
    ...unsaidInWords('RSL', RSL_TERMS),
  ];
  if (said.every(({ says }) => says === 'no') && licences.length === 0) {
    const all: Element = { name: 'license', content: [rule('prohibits', 'usage', ['all']), proof(survey)] };
    return { document: documentOf(survey, [all]), lost };
  }
  if (licences.length === 0) {
    return { document: null, lost: [...lost, 'RSL cannot leave a use open where it permits none: no document'] };
  }
  const elements = licences.map((licence, i) => licenceElement(survey, licence, i === 0 ? prohibited : []));
  return { document: documentOf(survey, elements), lost };
}

/** How RSL says what a use asks for; null where it does not. */
function paymentFor({ says, duties }: Pick<Said, 'says' | 'duties'>): Licence['payment'] | null {
  if (says === 'yes') return 'free';
  return says === 'conditional' ? paymentOf(duties) : null;
}

function paymentOf(duties: readonly Duty[]): Licence['payment'] | null {
  if (duties.length === 0) return 'free';
  return duties.every((duty) => duty === 'attribute') ? 'attribution' : null;
}

/** One licence for each price and zone. */
function licencesOf(survey: Survey, said: readonly Said<Usage>[]): Licence[] {
  const licences = new Map<string, Licence>();
  for (const each of said) {
    for (const { payment, zone } of offersOf(survey, each)) {
      const key = JSON.stringify([payment, zone]);
      const known = licences.get(key);
      if (known === undefined) licences.set(key, { usages: [each.term], zone, payment });
      else known.usages.push(each.term);
    }
  }
  return [...licences.values()];
}

function offersOf(survey: Survey, said: Said<Usage>): Omit<Licence, 'usages'>[] {
  const payment = paymentFor(said);
  if (payment !== null) return [{ payment, zone: null }];
  const uses = leaves(RSL_TERMS.find(({ term }) => term === said.term)?.uses ?? []);
  const priced = survey.facets.territories.flatMap((zone) => {
    const price = zone === null ? null : priceIn(survey, uses, zone);
    return price === null ? [] : [{ payment: price, zone }];
  });
  return (['free', 'attribution'] as const).flatMap((price) => {
    const zones = priced.flatMap(({ payment: of, zone }) => (of === price ? [zone] : []));
    return zones.length === 0 ? [] : joined(zones).map((zone) => ({ payment: price, zone }));
  });
}

/** What all of some uses together ask for in a zone, whatever the purpose, the release and the field. */
function priceIn(survey: Survey, uses: readonly Use[], zone: Zone): Licence['payment'] | null {
  const prices = new Set(groupsFor(survey, uses).map(({ answers }) => cheapestIn(answers, zone)));
  if (prices.has(null)) return null;
  return prices.has('attribution') ? 'attribution' : 'free';
}

function cheapestIn({ permitted }: Answers, zone: Zone): Licence['payment'] | null {
  const prices = new Set(permitted.filter((box) => isWhole(box, zone)).map(({ duties }) => paymentOf(duties)));
  return (['free', 'attribution'] as const).find((price) => prices.has(price)) ?? null;
}

const isWhole = ({ purpose, release, territory, field }: Settled, zone: Zone): boolean =>
  purpose === 'any' && release === 'any' && field === null && (territory === null || territory === zone);

const rule = (name: 'permits' | 'prohibits', type: 'usage' | 'geo', tokens: readonly string[]): Element => ({
  name,
  attributes: { type },
  content: tokens.join(' '),
});

function licenceElement(survey: Survey, licence: Licence, prohibited: readonly Usage[]): Element {
  const { usages, zone, payment } = licence;
  return {
    name: 'license',
    content: [
      rule('permits', 'usage', usages),
      ...(zone === null ? [] : [rule('permits', 'geo', countriesOf(zone))]),
      ...(prohibited.length === 0 ? [] : [rule('prohibits', 'usage', prohibited)]),
      { name: 'payment', attributes: { type: payment } },
      proof(survey),
    ],
  };
}

/** §3.13: the statement that the rights are read from, by its digest. */
const proof = ({ record }: Survey): Element => ({
  name: 'legal',
  attributes: { type: 'proof' },
  content: recordUri(record),
});

function documentOf({ record, document, at }: Survey, licences: readonly Element[]): string {
  const terms = document?.credentialSubject.rights.terms?.url;
  return xmlDocument({
    name: 'rsl',
    attributes: { xmlns: RSL_NAMESPACE },
    content: [
      {
        name: 'content',
        attributes: { url: `/v1/datasets/${record}`, lastmod: logTimeOf(at) },
        content: [...licences, ...(terms === undefined ? [] : [{ name: 'terms', content: terms }])],
      },
    ],
  });
}
