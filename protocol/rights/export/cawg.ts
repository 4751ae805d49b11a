import { logTimeOf } from '../../time.ts';
import { say, unsaidInWords, type Said } from './coarse.ts';
import type { Written } from './format.ts';
import { dutiesInWords } from './say.ts';
import type { Survey } from './survey.ts';
import { CAWG_TERMS } from './terms.ts';
import { oneLine } from './text.ts';

/** Length of a text about conditions. */
const CONSTRAINT_INFO = 1000;

/**
 * A CAWG training and data mining assertion 1.1 §3, in JSON, as C2PA manifest definitions take assertions: `{ label, data: {
 * entries: { "cawg.ai_training": { use, constraint_info? } } } }`. What is permitted on conditions is `constrained`, with them
 * in words; an entry that is left out says nothing.
 */
export function toCawg(survey: Survey): Written {
  const said = CAWG_TERMS.map((term) => say(survey, term));
  const entries = Object.fromEntries(
    said.flatMap((each) => (each.says === null ? [] : [[each.term, entryOf(each, survey)] as const])),
  );
  return {
    document: Object.keys(entries).length === 0 ? null : { label: 'cawg.training-mining', data: { entries } },
    lost: [
      ...said.flatMap(({ says, lost }) => (says === 'conditional' ? [] : lost)),
      ...unsaidInWords('CAWG', CAWG_TERMS),
    ],
  };
}

function entryOf({ says, duties }: Said, { record, document, at }: Survey): Record<string, string> {
  if (says !== 'conditional') return { use: says === 'yes' ? 'allowed' : 'notAllowed' };
  const license = document?.credentialSubject.rights.license ?? '';
  const info = `permitted to whoever does this: ${dutiesInWords(duties)}. Licence ${license}, record ${record}, as of ${logTimeOf(at)}`;
  return { use: 'constrained', constraint_info: oneLine(info, CONSTRAINT_INFO) };
}
