import type { ExportFormat, RightsExport } from '../../../schemas/rights-export.ts';
import { toAipref } from './aipref.ts';
import { toCawg } from './cawg.ts';
import { CROISSANT_PROFILE, toCroissant } from './croissant.ts';
import type { Written } from './format.ts';
import { toOdrl } from './odrl.ts';
import { toRsl } from './rsl.ts';
import { sentence } from './say.ts';
import type { Survey } from './survey.ts';
import { toTdmrep } from './tdmrep.ts';

interface Format {
  version: string;
  mediaType: string;
  write(survey: Survey): Written;
}

export const FORMATS: Readonly<Record<ExportFormat, Format>> = {
  aipref: { version: 'draft-ietf-aipref-vocab-08', mediaType: 'text/plain', write: toAipref },
  cawg: { version: 'CAWG Training and Data Mining Assertion 1.1', mediaType: 'application/json', write: toCawg },
  rsl: { version: 'RSL 1.0', mediaType: 'application/rsl+xml', write: toRsl },
  odrl: { version: 'ODRL 2.2', mediaType: 'application/ld+json', write: toOdrl },
  croissant: {
    version: 'Croissant 1.1',
    mediaType: `application/ld+json; profile="${CROISSANT_PROFILE}"`,
    write: toCroissant,
  },
  tdmrep: { version: 'TDMRep, Final Report of 10 May 2024', mediaType: 'application/json', write: toTdmrep },
};

/** Sentences about what was lost that are listed. */
const LISTED = 200;

/**
 * Says what the engine answers about a record in another vocabulary. Nothing that a document permits does the engine deny,
 * and nothing that it denies does the engine permit; whatever the format has no words for is told in `lost`.
 */
export function writeExport(format: ExportFormat, survey: Survey): RightsExport {
  const { version, mediaType, write } = FORMATS[format];
  const { document, lost } = write(survey);
  const sentences = [...new Set([...survey.facets.remarks, ...lost].map(sentence))];
  const more = sentences.length - LISTED;
  return {
    format,
    mediaType,
    version,
    document,
    lost: more > 0 ? [...sentences.slice(0, LISTED), `and ${more} more of these`] : sentences,
  };
}
