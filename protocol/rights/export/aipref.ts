import { say, unsaidInWords } from './coarse.ts';
import type { Written } from './format.ts';
import type { Survey } from './survey.ts';
import { AIPREF_TERMS } from './terms.ts';

/**
 * The value of a `Content-Usage` field (draft-ietf-aipref-attach-05 §3), in the format of draft-ietf-aipref-vocab-08 §6: a
 * dictionary of structured fields (RFC 9651 §3.2) with the tokens `y` and `n`, as `train-ai=n, search=y`. A category that is
 * left out is unknown.
 */
export function toAipref(survey: Survey): Written {
  const said = AIPREF_TERMS.map((term) => say(survey, term));
  const members = said.flatMap(({ term, says }) => {
    if (says === 'yes') return [`${term}=y`];
    return says === 'no' ? [`${term}=n`] : [];
  });
  return {
    document: members.length === 0 ? null : members.join(', '),
    lost: [...said.flatMap(({ lost }) => lost), ...unsaidInWords('AIPREF', AIPREF_TERMS)],
  };
}
