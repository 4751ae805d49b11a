import type { Outcome } from '../../protocol/rights/import/finding.ts';

/** What becomes of a term that no field of a record has the meaning of. */
export interface Verdict {
  outcome: Extract<Outcome, 'ambiguous' | 'ignored'>;
  reason: string;
}

const UNREAD: readonly (Verdict & { terms: string })[] = [
  {
    terms: '@context @type @id conformsTo',
    outcome: 'ignored',
    reason: 'says how the document is to be read',
  },
  {
    terms:
      'creator author contributor publisher provider funder sponsor maintainer editor producer accountablePerson ' +
      'copyrightHolder sourceOrganization sdPublisher creditText prov:wasAttributedTo',
    outcome: 'ignored',
    reason:
      'names who is behind it: a name is personal data, a record carries keys only, and a name is no claim of authorship',
  },
  {
    terms:
      'rai:machineAnnotationTools rai:annotationsPerItem rai:dataAnnotationProtocol rai:dataAnnotationPlatform ' +
      'prov:wasGeneratedBy',
    outcome: 'ignored',
    reason: 'is no claim of who did the work: role and assistance are asked of the person who signs',
  },
  {
    terms: 'rai:personalSensitiveInformation',
    outcome: 'ambiguous',
    reason: 'says that personal data may be in it: correct personalData, which is none unless you say otherwise',
  },
  {
    terms: 'isBasedOn prov:wasDerivedFrom',
    outcome: 'ambiguous',
    reason: 'says what this is derived from, and neither how (relation) nor under which licence: add it to derivedFrom',
  },
  {
    terms:
      'conditionsOfAccess copyrightNotice acquireLicensePage termsOfService odrl:hasPolicy dct:rights dct:accessRights ' +
      'rai:dataUseCases rai:dataReleaseMaintenancePlan',
    outcome: 'ambiguous',
    reason: 'may limit what may be done; prose was not read: say it in rights.rules',
  },
  { terms: 'sdLicense', outcome: 'ignored', reason: 'is the licence of the metadata, not of the data' },
  { terms: 'citation', outcome: 'ignored', reason: 'cites a publication: that is no derivation' },
  { terms: 'citeAs', outcome: 'ignored', reason: 'is how to cite the dataset' },
  {
    terms: 'datePublished dateCreated dateModified temporalCoverage',
    outcome: 'ignored',
    reason: 'is no day of collecting (authorship.collectedFrom), and the log dates the record itself',
  },
  { terms: 'recordSet', outcome: 'ignored', reason: 'describes columns: rows are addressed by their digests' },
  { terms: 'url sameAs', outcome: 'ignored', reason: 'is an address; it was not fetched' },
];

const verdicts: ReadonlyMap<string, Verdict> = new Map(
  UNREAD.flatMap(({ terms, ...verdict }) => terms.split(' ').map((term) => [term, verdict] as const)),
);

export const verdictOn = (term: string): Verdict =>
  verdicts.get(term) ?? { outcome: 'ignored', reason: 'has no place in a record' };
