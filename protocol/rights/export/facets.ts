import type { StatementId } from '../../../schemas/primitives.ts';
import { ModelRelease, Purpose, type RightsRule, type Use } from '../../../schemas/rights-rule.ts';
import { has, type Evidence } from '../../evidence.ts';
import { lineageOf, unregisteredSources, type Lineage } from '../../lineage.ts';
import { logTimeOf } from '../../time.ts';
import { workFor } from '../decide.ts';
import type { Work } from '../evaluate.ts';
import { alternativesOf } from '../licence-terms.ts';
import { LEAF_USES, leavesOf } from '../vocabulary.ts';
import { countryIn, zonesOf, type Zone } from './zone.ts';

/** Where the rights over a lineage may divide a question. */
export interface Dimensions {
  /** Uses that no rule tells apart, together. */
  uses: Use[][];
  purposes: readonly Purpose[];
  releases: readonly ModelRelease[];
  territories: readonly Zone[];
  fields: readonly Zone[];
  /** Whether a rule is about licensees by name. */
  namesLicensees: boolean;
}

/** The same, and what else an export must know of a lineage. */
export interface Facets extends Dimensions {
  /** The first time after that of the export at which a rule or a record begins or ends, in milliseconds. */
  until: number | null;
  /** Whether the one licence that the record and all that it is made of have says all that there is to say. */
  isOneLicence: boolean;
  /** What was not looked into, or is not the record's own, a sentence each. */
  remarks: string[];
}

/** Zones of one kind, and boxes altogether, that are told apart. */
const ZONES = 24;
const BOXES = 512;
/** Faults of the lineage that are said. */
const FAULTS = 3;

/** Reads the rules and licences of a record and all that it is made of; of more than `work`, none. */
export function facetsOf(evidence: Evidence, record: StatementId, at: number, work: Work): Facets {
  const lineage = lineageOf(evidence, record);
  work.left -= lineage.records.reduce((sum, each) => sum + workFor(each), 0);
  if (work.left < 0) return { ...dimensionsOf([]), until: null, isOneLicence: false, remarks: [] };
  const subjects = lineage.records.map(({ document }) => document.credentialSubject);
  const rules = subjects.flatMap(({ rights }) => rights.rules ?? []);
  const declared = subjects.flatMap(({ rights, derivedFrom = [] }) => [
    rights.license,
    ...derivedFrom.flatMap((source) => ('url' in source ? [source.license] : [])),
  ]);
  const implied = [...new Set(declared)].flatMap((license) =>
    alternativesOf(license).flatMap((terms) => terms.flatMap(({ clauses }) => clauses.map(({ rule }) => rule))),
  );
  const dimensions = dimensionsOf([...rules, ...implied]);
  const until = nextChange(evidence, lineage, rules, at);
  return {
    ...dimensions,
    until,
    isOneLicence: new Set(declared).size === 1 && rules.length + lineage.faults.length === 0 && until === null,
    remarks: [
      ...remarksOnLineage(evidence, lineage),
      ...remarksOnRules(rules, dimensions),
      ...(until === null
        ? []
        : [`this holds as of ${logTimeOf(at)}; at ${logTimeOf(until)} a rule or a record begins or ends`]),
    ],
  };
}

/** Of a time in the past, what the log took after it counts, too: a record, or the revocation of anything. */
function nextChange(evidence: Evidence, { records }: Lineage, rules: readonly RightsRule[], at: number): number | null {
  const revocations = [...evidence.all()].filter((logged) => has(logged, 'Revocation'));
  const times = [
    ...records.flatMap(({ document: { validFrom, validUntil } }) => [validFrom, validUntil]),
    ...rules.flatMap(({ period }) => [period?.from, period?.until]),
    ...revocations.map(({ document }) => document.credentialSubject.invalidSince),
  ].map((time) => (time === undefined ? Infinity : Date.parse(time)));
  const logged = [...records, ...revocations].map(({ loggedAt }) => loggedAt);
  const next = [...times, ...logged].reduce((first, ms) => (ms > at ? Math.min(first, ms) : first), Infinity);
  return next === Infinity ? null : next;
}

const namesLicensees = (rules: readonly RightsRule[]): boolean =>
  rules.some(({ licensee }) => licensee !== undefined && licensee !== 'public');

/** Leaves that the same rules cover. */
function usesOf(rules: readonly RightsRule[]): Use[][] {
  const covers = [...new Set(rules.map(({ uses }) => uses.reduce((set, use) => set | leavesOf[use], 0)))];
  const kinds = new Map<string, Use[]>();
  for (const [i, use] of LEAF_USES.entries()) {
    const kind = covers.map((set) => (set >> i) & 1).join('');
    const alike = kinds.get(kind);
    if (alike === undefined) kinds.set(kind, [use]);
    else alike.push(use);
  }
  return [...kinds.values()];
}

/** Where rules may divide a question. */
export function dimensionsOf(rules: readonly RightsRule[]): Dimensions {
  const purposes = rules.some(({ purpose = 'any' }) => purpose !== 'any') ? Purpose.options : (['any'] as const);
  const releases = rules.some(({ modelRelease = 'any' }) => modelRelease !== 'any')
    ? ModelRelease.options
    : (['any'] as const);
  const territories = (zonesOf(distinct(rules.flatMap(({ territory }) => territory ?? [])), ZONES) ?? [null]).filter(
    (zone) => zone === null || countryIn(zone) !== undefined,
  );
  const fields = zonesOf(distinct(rules.flatMap(({ field }) => field ?? [])), ZONES) ?? [null];
  const isTooMany = purposes.length * releases.length * territories.length * fields.length > BOXES;
  return {
    uses: usesOf(rules),
    purposes,
    releases,
    territories,
    fields: isTooMany ? [null] : fields,
    namesLicensees: namesLicensees(rules),
  };
}

const distinct = (zones: readonly NonNullable<Zone>[]): NonNullable<Zone>[] => [
  ...new Map(zones.map((zone) => [JSON.stringify(zone), zone])).values(),
];

function remarksOnLineage(evidence: Evidence, lineage: Lineage): string[] {
  const others = lineage.records.length - 1;
  const unregistered = unregisteredSources(lineage).length;
  return [
    ...(others > 0
      ? [`the rights in ${count(others, 'part or ancestor', 'parts and ancestors')} are reckoned in, not told apart`]
      : []),
    ...(unregistered > 0
      ? [`the licence of ${count(unregistered, 'unregistered source')} is what the record says it is: unverified`]
      : []),
    ...lineage.faults.slice(0, FAULTS).map(({ detail }) => `the lineage is not complete: ${detail}`),
    ...(lineage.records.some(({ id }) => evidence.grantsOf(id).length > 0)
      ? ['grants to particular licensees are left out: this is what the public may do']
      : []),
  ];
}

function remarksOnRules(rules: readonly RightsRule[], { territories, fields }: Dimensions): string[] {
  const isUncut = (zones: readonly Zone[], limit: 'territory' | 'field'): boolean =>
    zones.length === 1 && rules.some((rule) => rule[limit] !== undefined);
  return [
    ...(namesLicensees(rules)
      ? ['rules about licensees by name are left out; what they prohibit is not permitted to the public']
      : []),
    ...(isUncut(territories, 'territory')
      ? ['the rules tell more countries apart than is looked into: what is permitted in some only is left out']
      : []),
    ...(isUncut(fields, 'field')
      ? ['the rules tell more fields apart than is looked into: what is permitted in some only is left out']
      : []),
    ...(rules.some(({ afterEnd }) => afterEnd !== undefined)
      ? ['what becomes of models once a right ends is left out']
      : []),
  ];
}

/** “1 source”, “2 sources”. */
const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
