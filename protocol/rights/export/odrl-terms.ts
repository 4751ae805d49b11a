import type { Duty, ModelRelease, Purpose, Use } from '../../../schemas/rights-rule.ts';

/** Prefixes of the terms below; documents carry them, so that nobody needs to fetch a context. */
export const ODRL_PREFIXES = {
  odrl: 'http://www.w3.org/ns/odrl/2/',
  cc: 'http://creativecommons.org/ns#',
  dct: 'http://purl.org/dc/terms/',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  fh: 'urn:firsthand:rights:v1:',
} as const;

/** The profile (ODRL Information Model 2.2, “ODRL Profiles”) whose terms have the prefix `fh`: docs/exports.md says what they mean. */
export const ODRL_PROFILE = 'urn:firsthand:rights:v1';

/** A use as an action: the vocabulary's own where it means just that, else one of the profile, which `odrl:use` includes. */
export const ODRL_ACTIONS: Readonly<Record<Use, string>> = {
  train: 'fh:train',
  'train.pretrain': 'fh:train.pretrain',
  'train.finetune': 'fh:train.finetune',
  'train.preference': 'fh:train.preference',
  'train.rl': 'fh:train.rl',
  'train.discriminative': 'fh:train.discriminative',
  distil: 'fh:distil',
  synthesise: 'fh:synthesise',
  evaluate: 'fh:evaluate',
  ground: 'fh:ground',
  embed: 'fh:embed',
  analyse: 'fh:analyse',
  search: 'fh:search',
  redistribute: 'odrl:distribute',
  derive: 'odrl:derive',
};

/** A duty as the action that it obliges to (ODRL Vocabulary 2.2, whose common actions take in Creative Commons' terms). */
export const ODRL_DUTIES: Readonly<Record<Duty, string>> = {
  attribute: 'odrl:attribute',
  'share-alike-data': 'cc:ShareAlike',
  'share-alike-model': 'fh:shareAlikeModel',
  report: 'fh:report',
  pay: 'odrl:compensate',
  notify: 'odrl:inform',
  'delete-on-revocation': 'fh:deleteOnRevocation',
};

/** Right operands of `odrl:purpose`, compared with `odrl:isA`: research is a noncommercial purpose. */
export const ODRL_PURPOSES: Readonly<Record<Exclude<Purpose, 'any'>, string>> = {
  commercial: 'fh:commercial',
  noncommercial: 'fh:noncommercial',
  research: 'fh:research',
};

/** Right operands of `fh:modelRelease`, compared with `odrl:isA`: an internal model's weights are closed. */
export const ODRL_RELEASES: Readonly<Record<Exclude<ModelRelease, 'any'>, string>> = {
  'open-weights': 'fh:openWeights',
  'closed-weights': 'fh:closedWeights',
  internal: 'fh:internal',
};

/** What is constrained. Of `spatial` the right operands are ISO 3166-1 alpha-2 codes, of `industry` the record's own words. */
export const ODRL_LEFT_OPERANDS = {
  purpose: 'odrl:purpose',
  modelRelease: 'fh:modelRelease',
  territory: 'odrl:spatial',
  field: 'odrl:industry',
  time: 'odrl:dateTime',
} as const;

export const ODRL_OPERATORS = {
  isA: 'odrl:isA',
  isAnyOf: 'odrl:isAnyOf',
  isNoneOf: 'odrl:isNoneOf',
  before: 'odrl:lt',
} as const;
