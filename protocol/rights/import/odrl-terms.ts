import { Use, type Duty, type ModelRelease, type Purpose } from '../../../schemas/rights-rule.ts';
import * as exported from '../export/odrl-terms.ts';

/** What an export writes, read back: a term of its table stands for just the one word. */
const readBack = <W extends string>(table: Readonly<Record<W, string>>): Record<string, W> =>
  Object.fromEntries((Object.entries(table) as [W, string][]).map(([word, term]) => [term, word]));

/** What an action means in our uses; an effect that is absent cannot be said exactly. */
interface Action {
  permission?: readonly Use[];
  prohibition?: readonly Use[];
  /** The action is a purpose rather than a use. */
  purpose?: Purpose;
}

/** All that may be done: the uses that are children of none. */
const EVERY_USE: readonly Use[] = Use.options.filter((use) => !use.startsWith('train.'));

const COMMERCIAL: Action = { prohibition: EVERY_USE, purpose: 'commercial' };

/** Actions of the ODRL Common Vocabulary 2.2, of TDMRep and of our own profile. Those that are not here match no use exactly. */
export const ODRL_ACTIONS: Readonly<Record<string, Action>> = {
  ...Object.fromEntries(
    Use.options.map((use) => [exported.ODRL_ACTIONS[use], { permission: [use], prohibition: [use] }]),
  ),
  // Permitted, it does not say to do what.
  'odrl:use': { prohibition: EVERY_USE },
  'tdm:mine': { permission: ['analyse'], prohibition: ['analyse'] },
  'odrl:commercialize': COMMERCIAL,
  'cc:CommercialUse': COMMERCIAL,
  // So it is spelt in the vocabulary.
  'cc:CommericalUse': COMMERCIAL,
};

/** Duties of the same vocabulary. */
export const ODRL_DUTIES: Readonly<Record<string, Duty>> = {
  ...readBack(exported.ODRL_DUTIES),
  'cc:Attribution': 'attribute',
  'odrl:pay': 'pay',
  'odrl:shareAlike': 'share-alike-data',
};

/** What stands for a purpose, in our profile, in DPV and in DUO. */
export const ODRL_PURPOSES: Readonly<Record<string, Purpose>> = {
  ...readBack(exported.ODRL_PURPOSES),
  'https://w3id.org/dpv#CommercialPurpose': 'commercial',
  'https://w3id.org/dpv#NonCommercialPurpose': 'noncommercial',
  'duo:0000046': 'noncommercial',
};

/** Right operands of `fh:modelRelease`. */
export const ODRL_RELEASES: Readonly<Record<string, ModelRelease>> = readBack(exported.ODRL_RELEASES);

/** Terms of the Data Use Ontology that, alone, limit all use. */
export const DUO_PROHIBITS: Readonly<Record<string, { uses: readonly Use[]; purpose: Purpose }>> = {
  'duo:0000046': { uses: EVERY_USE, purpose: 'commercial' },
};

/** Profiles whose actions are in the table. A profile may change what the words of ODRL mean. */
export const ODRL_PROFILES: ReadonlySet<string> = new Set([
  exported.ODRL_PROFILE,
  'odrl:core',
  'tdm:',
  'http://www.w3.org/ns/tdmrep',
  'http://www.w3.org/ns/tdmrep/',
]);
