import type { Written } from './format.ts';
import { ODRL_PREFIXES } from './odrl-terms.ts';
import { offerOf } from './odrl.ts';
import type { Survey } from './survey.ts';
import { oneLine } from './text.ts';

/** Length of a name or a description. */
const NAME = 200;
const DESCRIPTION = 2000;

/**
 * The rights of a Croissant 1.1 dataset (MLCommons, 29 January 2026, “Data Use Conditions”): in `usageInfo` the ODRL offer,
 * and its `license`, where that says no more than the offer does. To be merged into a description that has the files.
 */
export function toCroissant(survey: Survey): Written {
  const { offer, lost } = offerOf(survey);
  const { document, facets, answers } = survey;
  if (offer === null || document === null) return { document: null, lost };
  const { name, description, version, rights } = document.credentialSubject;
  const isAlone = facets.isOneLicence && answers.every(({ widest: { limitedBy } }) => limitedBy?.source !== 'standing');
  return {
    document: {
      '@context': {
        '@vocab': 'https://schema.org/',
        sc: 'https://schema.org/',
        conformsTo: 'dct:conformsTo',
        ...ODRL_PREFIXES,
      },
      '@type': 'sc:Dataset',
      conformsTo: CROISSANT_PROFILE,
      name: oneLine(name, NAME),
      ...(description === undefined ? {} : { description: oneLine(description, DESCRIPTION) }),
      version: oneLine(version, NAME),
      license: isAlone ? addressOf(rights.license) : { '@id': offer['@id'] },
      usageInfo: { ...offer, '@type': ['CreativeWork', 'odrl:Offer'], name: 'Rights over the whole lineage' },
    },
    lost: [
      ...lost,
      ...(isAlone ? [] : [`license names the offer: ${rights.license} alone would say more, or less, than holds`]),
      'files, record sets and creators are left out: merge this into the description that has them',
    ],
  };
}

export const CROISSANT_PROFILE = 'http://mlcommons.org/croissant/1.1';

/** The address of a licence where an expression is one identifier of the SPDX list, as far as its form tells; else itself. */
const addressOf = (license: string): string =>
  /^[A-Za-z0-9.-]+$/.test(license) && !license.includes('LicenseRef-')
    ? `https://spdx.org/licenses/${license}`
    : license;
