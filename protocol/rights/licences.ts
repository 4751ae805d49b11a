import type { Duty, ModelRelease, Purpose, Use } from '../../schemas/rights-rule.ts';

/** One thing that a licence says of a use, and where. */
export interface LicenceRule {
  effect: 'permit' | 'prohibit';
  uses: readonly Use[];
  purpose?: Purpose;
  modelRelease?: ModelRelease;
  duties?: readonly Duty[];
  /** The places in the licence's text. */
  clause: string;
  /** What they say, after the licence's name. */
  says: string;
}

/** What a licence implies for data. */
export interface Licence {
  /** SPDX identifier. */
  id: string;
  name: string;
  rules: readonly LicenceRule[];
  /** The clauses that decide whether it goes together with another in one dataset. */
  shareAlike?: string;
  noDerivatives?: string;
  nonCommercial?: string;
}

// How the table reads licences that were not written for models (docs/decisions/0025): what stays with the user shares
// nothing; passages shown, data passed on and data made from it are shared; a model is shared when its weights are.
const KEPT: readonly Use[] = ['evaluate', 'embed', 'analyse'];
const SHOWN: readonly Use[] = ['ground', 'search'];
const MADE: readonly Use[] = ['synthesise', 'derive'];
const MODEL: readonly Use[] = ['train', 'distil'];
const ALL: readonly Use[] = [...MODEL, 'synthesise', ...KEPT, ...SHOWN, 'redistribute', 'derive'];

const free = (clause: string): LicenceRule[] => [
  { effect: 'permit', uses: ALL, clause, says: 'gives up all rights, so every use is permitted' },
];

/** Permits everything; what is shared carries credit, a notice or the licence's text. */
const attributed = (grant: string, credit: string): LicenceRule[] => [
  { effect: 'permit', uses: KEPT, clause: grant, says: 'permits use that shares nothing' },
  {
    effect: 'permit',
    uses: MODEL,
    modelRelease: 'closed-weights',
    clause: grant,
    says: 'permits it, and asks for nothing while the weights are kept',
  },
  {
    effect: 'permit',
    uses: MODEL,
    modelRelease: 'open-weights',
    duties: ['attribute'],
    clause: `${grant}, ${credit}`,
    says: 'permits it, with credit and notices: weights that are given out may hold the material',
  },
  {
    effect: 'permit',
    uses: [...SHOWN, ...MADE, 'redistribute'],
    duties: ['attribute'],
    clause: `${grant}, ${credit}`,
    says: 'permits sharing, with credit and notices',
  },
];

/** The same, and what is made from it and shared carries the same licence. */
const sharedAlike = (grant: string, credit: string, alike: string): LicenceRule[] => [
  ...attributed(grant, credit).filter(({ duties }) => duties === undefined),
  {
    effect: 'permit',
    uses: MODEL,
    modelRelease: 'open-weights',
    duties: ['attribute', 'share-alike-model'],
    clause: `${grant}, ${credit}, ${alike}`,
    says: 'permits it under the same licence: weights that are given out may be adapted from the material',
  },
  {
    effect: 'permit',
    uses: SHOWN,
    duties: ['attribute'],
    clause: `${grant}, ${credit}`,
    says: 'permits sharing, with credit and notices',
  },
  {
    effect: 'permit',
    uses: [...MADE, 'redistribute'],
    duties: ['attribute', 'share-alike-data'],
    clause: `${grant}, ${credit}, ${alike}`,
    says: 'permits sharing under the same licence',
  },
];

/** Nothing adapted is shared. Whether weights, or text that a model wrote from it, are adapted, the licence leaves open. */
const unadapted = (grant: string, credit: string, adaptation: string): LicenceRule[] => [
  ...attributed(grant, credit).filter(({ duties }) => duties === undefined),
  {
    effect: 'permit',
    uses: [...SHOWN, 'redistribute'],
    duties: ['attribute'],
    clause: `${grant}, ${credit}`,
    says: 'permits sharing it unchanged, with credit and notices',
  },
  { effect: 'prohibit', uses: ['derive'], clause: adaptation, says: 'prohibits sharing what is adapted from it' },
];

/** The same rules for noncommercial purposes only. */
const noncommercial = (clause: string, rules: readonly LicenceRule[]): LicenceRule[] => [
  ...rules.map((rule): LicenceRule => (rule.effect === 'permit' ? { ...rule, purpose: 'noncommercial' } : rule)),
  { effect: 'prohibit', uses: ALL, purpose: 'commercial', clause, says: 'prohibits commercial use' },
];

/** Results of computing on the data, models among them, are free; only data that is passed on carries its terms. */
const resultsFree = (grant: string, results: string, terms: string, duties: readonly Duty[]): LicenceRule[] => [
  {
    effect: 'permit',
    uses: [...KEPT, ...MODEL, 'synthesise'],
    clause: `${grant}, ${results}`,
    says: 'permits it, and asks for nothing of the results',
  },
  {
    effect: 'permit',
    uses: [...SHOWN, 'redistribute', 'derive'],
    duties,
    clause: `${grant}, ${terms}`,
    says: 'permits passing data on under its terms',
  },
];

/** Databases: what is produced from one and used in public says where it came from. */
const database = (grant: string, notices: string, output: string, data: readonly Duty[]): LicenceRule[] => [
  { effect: 'permit', uses: KEPT, clause: grant, says: 'permits use that is not public' },
  { effect: 'permit', uses: MODEL, modelRelease: 'internal', clause: grant, says: 'permits use that is not public' },
  {
    effect: 'permit',
    uses: [...MODEL, ...SHOWN, 'synthesise'],
    duties: ['attribute'],
    clause: `${grant}, ${output}`,
    says: 'permits it, with a notice beside what is produced from it and used in public',
  },
  {
    effect: 'permit',
    uses: ['redistribute', 'derive'],
    duties: data,
    clause: `${grant}, ${notices}`,
    says: 'permits passing data on under its terms',
  },
];

/** AGPL: whoever uses it over a network is given the source, too; so it matters whether others use the model. */
const networkCopyleft = (run: string, copies: string, modified: string, network: string): LicenceRule[] => [
  ...sharedAlike(run, copies, modified).map((rule): LicenceRule =>
    rule.modelRelease === 'closed-weights' ? { ...rule, modelRelease: 'internal' } : rule,
  ),
  {
    effect: 'permit',
    uses: MODEL,
    modelRelease: 'closed-weights',
    duties: ['attribute', 'share-alike-model'],
    clause: `${modified}, ${network}`,
    says: 'permits it under the same licence, also where others only use it over a network',
  },
];

const GPL2 = { name: 'GNU General Public License 2.0', rules: sharedAlike('§0', '§1', '§2(b)'), shareAlike: '§2(b)' };
const GPL3 = { name: 'GNU General Public License 3.0', rules: sharedAlike('§2', '§4', '§5(c)'), shareAlike: '§5(c)' };
const AGPL3 = {
  name: 'GNU Affero General Public License 3.0',
  rules: networkCopyleft('§2', '§4', '§5(c)', '§13'),
  shareAlike: '§5(c)',
};
const NOTICE = 'the permission notice';

/** What each known licence implies. One that is not listed implies nothing. */
export const LICENCES: readonly Licence[] = [
  { id: 'CC0-1.0', name: 'Creative Commons Zero 1.0', rules: free('§2, §3') },
  { id: 'CC-BY-3.0', name: 'Creative Commons Attribution 3.0', rules: attributed('§3', '§4(b)') },
  { id: 'CC-BY-4.0', name: 'Creative Commons Attribution 4.0', rules: attributed('§2(a)(1)', '§3(a)') },
  {
    id: 'CC-BY-SA-3.0',
    name: 'Creative Commons Attribution Share Alike 3.0',
    rules: sharedAlike('§3', '§4(c)', '§4(b)'),
    shareAlike: '§4(b)',
  },
  {
    id: 'CC-BY-SA-4.0',
    name: 'Creative Commons Attribution Share Alike 4.0',
    rules: sharedAlike('§2(a)(1)', '§3(a)', '§3(b)'),
    shareAlike: '§3(b)',
  },
  {
    id: 'CC-BY-NC-4.0',
    name: 'Creative Commons Attribution Non Commercial 4.0',
    rules: noncommercial('§2(a)(1)', attributed('§2(a)(1)', '§3(a)')),
    nonCommercial: '§2(a)(1)',
  },
  {
    id: 'CC-BY-ND-4.0',
    name: 'Creative Commons Attribution No Derivatives 4.0',
    rules: unadapted('§2(a)(1)', '§3(a)', '§2(a)(1)(B)'),
    noDerivatives: '§2(a)(1)(B)',
  },
  {
    id: 'CC-BY-NC-SA-4.0',
    name: 'Creative Commons Attribution Non Commercial Share Alike 4.0',
    rules: noncommercial('§2(a)(1)', sharedAlike('§2(a)(1)', '§3(a)', '§3(b)')),
    shareAlike: '§3(b)',
    nonCommercial: '§2(a)(1)',
  },
  {
    id: 'CC-BY-NC-ND-4.0',
    name: 'Creative Commons Attribution Non Commercial No Derivatives 4.0',
    rules: noncommercial('§2(a)(1)', unadapted('§2(a)(1)', '§3(a)', '§2(a)(1)(B)')),
    noDerivatives: '§2(a)(1)(B)',
    nonCommercial: '§2(a)(1)',
  },
  { id: 'MIT', name: 'MIT License', rules: attributed('the permission grant', NOTICE) },
  { id: 'ISC', name: 'ISC License', rules: attributed('the permission grant', NOTICE) },
  { id: 'BSD-2-Clause', name: 'BSD 2-Clause License', rules: attributed('the permission grant', 'clauses 1 and 2') },
  { id: 'BSD-3-Clause', name: 'BSD 3-Clause License', rules: attributed('the permission grant', 'clauses 1 and 2') },
  { id: 'Apache-2.0', name: 'Apache License 2.0', rules: attributed('§2', '§4') },
  { id: 'Unlicense', name: 'The Unlicense', rules: free('its first two paragraphs') },
  { id: 'PDDL-1.0', name: 'Open Data Commons Public Domain Dedication 1.0', rules: free('§3') },
  {
    id: 'ODC-By-1.0',
    name: 'Open Data Commons Attribution License 1.0',
    rules: database('§3.1', '§4.2', '§4.3', ['attribute']),
  },
  {
    id: 'ODbL-1.0',
    name: 'Open Data Commons Open Database License 1.0',
    rules: database('§3.1', '§4.2, §4.4', '§4.3, §4.5(b)', ['attribute', 'share-alike-data']),
    shareAlike: '§4.4',
  },
  {
    id: 'CDLA-Permissive-1.0',
    name: 'Community Data License Agreement Permissive 1.0',
    rules: resultsFree('§2.1', '§3.4', '§3.1', ['attribute']),
  },
  {
    id: 'CDLA-Permissive-2.0',
    name: 'Community Data License Agreement Permissive 2.0',
    rules: resultsFree('§1.1', '§3.1', '§2.1', ['attribute']),
  },
  {
    id: 'CDLA-Sharing-1.0',
    name: 'Community Data License Agreement Sharing 1.0',
    rules: resultsFree('§2.1', '§3.5', '§3.1, §3.3', ['attribute', 'share-alike-data']),
    shareAlike: '§3.1(a)',
  },
  { id: 'GPL-2.0-only', ...GPL2 },
  { id: 'GPL-2.0-or-later', ...GPL2 },
  { id: 'GPL-3.0-only', ...GPL3 },
  { id: 'GPL-3.0-or-later', ...GPL3 },
  { id: 'AGPL-3.0-only', ...AGPL3 },
  { id: 'AGPL-3.0-or-later', ...AGPL3 },
];
