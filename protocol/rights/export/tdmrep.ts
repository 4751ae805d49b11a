import { say, unsaidInWords } from './coarse.ts';
import type { Written } from './format.ts';
import type { Survey } from './survey.ts';
import { TDMREP_TERMS } from './terms.ts';

/**
 * A TDMRep declaration (W3C Community Group Final Report, 10 May 2024), twice: as `headers` of HTTP responses, and as `file`,
 * the rules that `/.well-known/tdmrep.json` has for the record on its registry. 1: text and data mining is reserved; 0: it is
 * not. There is no `tdm-policy`: such a policy is an ODRL profile of its own that names a contact, and a record has none.
 */
export function toTdmrep(survey: Survey): Written {
  const said = TDMREP_TERMS.map((term) => say(survey, term));
  const reservation = said.find(({ says }) => says === 'yes' || says === 'no')?.says;
  const value = reservation === 'no' ? 1 : 0;
  return {
    document:
      reservation === undefined
        ? null
        : {
            headers: { 'tdm-reservation': `${value}` },
            file: [{ location: `/v1/datasets/${survey.record}`, 'tdm-reservation': value }],
          },
    lost: [
      ...said.flatMap(({ lost }) => lost),
      ...(value === 1 ? ['tdm-policy is left out: a record names no contact that such a policy could give'] : []),
      ...unsaidInWords('TDMRep', TDMREP_TERMS),
    ],
  };
}
