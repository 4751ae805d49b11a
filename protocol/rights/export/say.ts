import type { DecisionReason } from '../../../schemas/decision.ts';
import type { Duty, Use } from '../../../schemas/rights-rule.ts';
import { LEAF_USES, leavesOf } from '../vocabulary.ts';
import { dutyInWords, listed, PURPOSES, RELEASES } from '../words.ts';
import { oneLine } from './text.ts';
import type { Answers, Box, Cell, Survey } from './survey.ts';
import type { Zone } from './zone.ts';

/** Length of one sentence. */
const SENTENCE = 600;

export const sentence = (text: string): string => oneLine(text, SENTENCE);

/** Uses in the fewest words, in the vocabulary's order: all kinds of training are `train`. */
export function inFewest(uses: readonly Use[]): Use[] {
  const set = uses.reduce((all, use) => all | leavesOf[use], 0);
  const covered = (use: Use): boolean => (leavesOf[use] & ~set) === 0;
  return (Object.keys(leavesOf) as Use[]).filter(
    (use) => covered(use) && !(use.startsWith('train.') && covered('train')),
  );
}

const zoneInWords = (zone: Zone, inside: string, outside: string): string => {
  if (zone === null) return '';
  return 'include' in zone ? ` in ${inside}${listed(zone.include)}` : ` ${outside} ${listed(zone.exclude)}`;
};

/** “ for noncommercial purposes in US, DE”; nothing for the widest. */
export const boxInWords = ({ purpose, release, territory, field }: Box): string =>
  `${PURPOSES[purpose]}${RELEASES[release]}${zoneInWords(territory, '', 'everywhere but in')}${zoneInWords(field, 'the field ', 'in every field but')}`;

/** “give credit (attribute), and pay (pay)”. */
export const dutiesInWords = (duties: readonly Duty[]): string => duties.map(dutyInWords).join(', and ');

/** “train.rl: denied, for MIT §1 … (“Name”)”: what uses get that are asked about without a limit, and whose rights decide. */
export function widestInWords(uses: readonly Use[], { outcome, duties, limitedBy }: Cell): string {
  const whose = limitedBy === null ? '' : ` (${ofWhat(limitedBy)})`;
  const said = {
    deny: `denied, for ${limitedBy?.reason}`,
    unknown: 'nothing permits it without a limit',
    conditional: `permitted, to ${dutiesInWords(duties)}`,
    allow: 'permitted',
  };
  return `${inFewest(uses).join(', ')}: ${said[outcome]}${whose}`;
}

const ofWhat = ({ record, name, url }: DecisionReason): string => {
  if (url !== undefined) return `the source ${oneLine(url, 100)}`;
  return name === undefined ? record : `“${oneLine(name, 100)}”`;
};

/** What is permitted of some uses, but not of the widest question, so that a coarse word cannot say it. */
export function narrowerInWords(survey: Survey, uses: readonly Use[]): string[] {
  return survey.answers.flatMap((answers) => {
    const concerned = answers.uses.filter((use) => uses.includes(use));
    if (concerned.length === 0) return [];
    return answers.permitted
      .filter((box) => box !== answers.widest)
      .map(({ duties, ...box }) =>
        sentence(
          `${inFewest(concerned).join(', ')}${boxInWords(box)}: permitted${duties.length === 0 ? '' : `, to ${dutiesInWords(duties)}`}`,
        ),
      );
  });
}

/** The answers that some uses have, with those of them that each is about. */
export const groupsFor = ({ answers }: Survey, uses: readonly Use[]): { uses: Use[]; answers: Answers }[] =>
  answers
    .map((each) => ({ uses: each.uses.filter((use) => uses.includes(use)), answers: each }))
    .filter((each) => each.uses.length > 0);

/** Uses that none of a format's words is about. */
export const unsaid = (said: readonly Use[]): Use[] => LEAF_USES.filter((use) => !said.includes(use));
