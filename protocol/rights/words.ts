import type { RightsRule, Use } from '../../schemas/rights-rule.ts';
import type { DecisionRequest } from '../../schemas/decision.ts';
import type { Clause } from './clause.ts';
import type { Piece } from './evaluate.ts';
import { dutiesIn, LEAF_USES, leavesOf, purposesOf, releasesOf, wordFor } from './vocabulary.ts';

/** Words of a list that are said; the rest are counted. */
const SAID = 5;

export const listed = (words: readonly string[]): string =>
  words.length <= SAID ? words.join(', ') : `${words.slice(0, SAID).join(', ')} and ${words.length - SAID} more`;

export const PURPOSES = {
  any: '',
  commercial: ' for commercial purposes',
  noncommercial: ' for noncommercial purposes',
  research: ' for research',
};

export const RELEASES = {
  any: '',
  'open-weights': ' for models with open weights',
  'closed-weights': ' for models whose weights are kept',
  internal: ' for internal models',
};

/** What a rule says, with every limit that it has: “rule 2 prohibits train.rl for commercial purposes in DE”. */
export function ruleInWords(rule: RightsRule): string {
  const { effect, uses, purpose = 'any', modelRelease = 'any', territory, field, period, licensee } = rule;
  const where =
    territory === undefined
      ? ''
      : 'include' in territory
        ? ` in ${listed(territory.include)}`
        : ` everywhere but in ${listed(territory.exclude)}`;
  const what =
    field === undefined
      ? ''
      : 'include' in field
        ? ` in the field ${listed(field.include)}`
        : ` in every field but ${listed(field.exclude)}`;
  const when = `${period?.from === undefined ? '' : ` from ${period.from}`}${period?.until === undefined ? '' : ` until ${period.until}`}`;
  const who = licensee === undefined || licensee === 'public' ? '' : ` to ${listed(licensee)}`;
  const verb = effect === 'permit' ? 'permits' : 'prohibits';
  return `${verb} ${listed(uses)}${PURPOSES[purpose]}${RELEASES[modelRelease]}${where}${what}${when}${who}`;
}

/** The sentence of a clause that decides: what it says, what of the request it meets, and what it asks for. */
export function clauseInWords(clause: Clause, request: DecisionRequest): string {
  const { origin, rule, duties } = clause;
  const said =
    origin.source === 'licence'
      ? `${origin.license} ${origin.clause} ${origin.says}`
      : `${origin.source === 'grant' ? `rule ${origin.rule} of the grant` : `rule ${origin.rule} of the record`} ${ruleInWords(rule)}`;
  const asks = duties === 0 ? '' : `; it asks to ${dutiesIn(duties).map(dutyInWords).join(', and to ')}`;
  return `${said}${asks}${endInWords(clause)}${silenceInWords(clause, request)}`;
}

const DUTIES = {
  attribute: 'give credit',
  'share-alike-data': 'share data made from it alike',
  'share-alike-model': 'share models made from it alike',
  report: 'report the use',
  pay: 'pay',
  notify: 'give notice',
  'delete-on-revocation': 'delete it when the right is revoked',
};
export const dutyInWords = (duty: keyof typeof DUTIES): string => `${DUTIES[duty]} (${duty})`;

/** What becomes of models once a permit has ended. */
function endInWords({ isPermit, rule: { period, afterEnd } }: Clause): string {
  if (!isPermit || afterEnd === undefined) return '';
  return period?.until === undefined
    ? `; were it to end, ${AFTER_END[afterEnd]}`
    : `; after its end, ${AFTER_END[afterEnd]}`;
}

export const AFTER_END = {
  'models-survive': 'models made under it may stay',
  'models-retired': 'models made under it are to be retired',
};

/** How a prohibition met what the request left out. */
function silenceInWords({ isPermit, rule }: Clause, request: DecisionRequest): string {
  if (isPermit) return '';
  const read: string[] = [];
  const { purpose = 'any', modelRelease = 'any', territory, field, licensee } = rule;
  if (purpose !== 'any' && request.purpose === undefined) {
    read.push(`names no purpose, so it is read as ${purpose}`);
  }
  if (modelRelease !== 'any' && request.modelRelease === undefined) {
    read.push(`names no model release, so it is read as ${modelRelease}`);
  }
  if (territory !== undefined && request.territory === undefined) {
    read.push('names no territory, so it is read as worldwide');
  }
  if (field !== undefined && request.field === undefined) read.push('names no field, so it is read as any');
  if (licensee !== undefined && licensee !== 'public' && request.licensee === undefined) {
    read.push('names no licensee, so it is read as anyone');
  }
  return read.length === 0 ? '' : `; the request ${read.join(', ')}`;
}

/** “nothing permits train.finetune for commercial purposes in FR: silence is not consent”. */
export function gapInWords({ uses, purposes, releases, country }: Piece, request: DecisionRequest): string {
  const purpose = wordFor(purposesOf, purposes);
  const release = wordFor(releasesOf, releases);
  const where = country === null ? (request.territory === undefined ? ' worldwide' : '') : ` in ${country}`;
  const field = request.field === undefined ? '' : ` in the field ${request.field}`;
  return `nothing permits ${useFor(uses)}${PURPOSES[purpose]}${RELEASES[release]}${where}${field}: silence is not consent`;
}

/** The use that names exactly these leaves, or the first of them. */
const useFor = (uses: number): Use =>
  (Object.keys(leavesOf) as Use[]).find((use) => leavesOf[use] === uses) ??
  (LEAF_USES.find((_, i) => (uses & (1 << i)) !== 0) as Use);
