import type { Duty, Use } from '../../../schemas/rights-rule.ts';
import { logTimeOf, timestampOf } from '../../time.ts';
import type { Written } from './format.ts';
import {
  ODRL_ACTIONS,
  ODRL_DUTIES,
  ODRL_LEFT_OPERANDS,
  ODRL_OPERATORS,
  ODRL_PREFIXES,
  ODRL_PROFILE,
  ODRL_PURPOSES,
  ODRL_RELEASES,
} from './odrl-terms.ts';
import { inFewest, sentence } from './say.ts';
import type { Box, Settled, Survey } from './survey.ts';
import { offerUri, recordUri } from './uri.ts';
import { joined, type Zone } from './zone.ts';

/** A node, or a value, of JSON-LD. */
type Node = Readonly<Record<string, unknown>>;

const id = (iri: string): Node => ({ '@id': iri });

/**
 * An ODRL 2.2 offer (W3C ODRL Information Model, “Offer Class”) in JSON-LD, with the prefixes of {@link ODRL_PREFIXES}: a permission
 * for every box that the engine permits, with its duties, a prohibition for every one that it denies altogether, and nothing
 * about what is unknown. They never overlap; should somebody read them so, the prohibition counts (`odrl:conflict`).
 */
export function toOdrl(survey: Survey): Written {
  const { offer, lost } = offerOf(survey);
  return { document: offer === null ? null : { '@context': ODRL_PREFIXES, ...offer }, lost };
}

/** The offer without a context; null where there is no rule, or nobody whose offer it is. */
export function offerOf(survey: Survey): { offer: Node | null; lost: string[] } {
  const { record, document, at } = survey;
  if (document === null) return { offer: null, lost: ['the record is not there any more: nobody offers anything'] };
  const assigner = document.credentialSubject.rights.holder;
  const permissions = rulesOf(survey, 'permitted');
  const prohibitions = rulesOf(survey, 'denied');
  const lost = lostBy(survey);
  if (permissions.length + prohibitions.length === 0) {
    return { offer: null, lost: [...lost, 'an offer has one rule at least, and nothing is permitted or denied'] };
  }
  const parties = { 'odrl:target': id(recordUri(record)), 'odrl:assigner': id(assigner) };
  const uid = offerUri(record, logTimeOf(at));
  const offer = {
    '@id': uid,
    '@type': 'odrl:Offer',
    'odrl:uid': id(uid),
    'odrl:profile': id(ODRL_PROFILE),
    'odrl:conflict': id('odrl:prohibit'),
    'dct:issued': dateTime(at),
    ...(permissions.length === 0 ? {} : { 'odrl:permission': permissions.map((rule) => ({ ...rule, ...parties })) }),
    ...(prohibitions.length === 0 ? {} : { 'odrl:prohibition': prohibitions.map((rule) => ({ ...rule, ...parties })) }),
  };
  return { offer, lost };
}

/** One rule of the offer, for all uses that it is the same for. */
interface Offered extends Box {
  uses: Use[];
  duties: readonly Duty[];
}

function rulesOf(survey: Survey, which: 'permitted' | 'denied'): Node[] {
  const boxes = survey.answers.flatMap(({ uses, ...answers }) =>
    answers[which].map((box): Offered => ({ ...pick(box), uses, duties: which === 'denied' ? [] : box.duties })),
  );
  const type = which === 'permitted' ? 'odrl:Permission' : 'odrl:Prohibition';
  return merged(boxes).map((box) => ruleOf(box, type, survey.facets.until));
}

const pick = ({ purpose, release, territory, field }: Settled): Box => ({ purpose, release, territory, field });

/** Puts together zones that were cut only for other rules' sake, and uses that are alike. */
function merged(boxes: readonly Offered[]): Offered[] {
  const byCountries = groupBy(boxes, (each) => [
    each.purpose,
    each.release,
    each.field,
    each.uses,
    each.duties,
  ]).flatMap(([first, ...others]) =>
    joined([first, ...others].map(({ territory }) => territory)).map((territory) => ({ ...first, territory })),
  );
  const byFields = groupBy(byCountries, (each) => [
    each.purpose,
    each.release,
    each.territory,
    each.uses,
    each.duties,
  ]).flatMap(([first, ...others]) =>
    joined([first, ...others].map(({ field }) => field)).map((field) => ({ ...first, field })),
  );
  return groupBy(byFields, (each) => [each.purpose, each.release, each.territory, each.field, each.duties]).map(
    ([first, ...others]) => ({
      ...first,
      uses: inFewest([first, ...others].flatMap(({ uses }) => uses)),
    }),
  );
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => unknown): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const key = JSON.stringify(keyOf(item));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function ruleOf({ uses, duties, ...box }: Offered, type: string, until: number | null): Node {
  const constraints = constraintsOf(box, until);
  return {
    '@type': type,
    'odrl:action': uses.map((use) => id(ODRL_ACTIONS[use])),
    ...(constraints.length === 0 ? {} : { 'odrl:constraint': constraints }),
    ...(duties.length === 0
      ? {}
      : { 'odrl:duty': duties.map((duty) => ({ '@type': 'odrl:Duty', 'odrl:action': id(ODRL_DUTIES[duty]) })) }),
  };
}

function constraintsOf({ purpose, release, territory, field }: Box, until: number | null): Node[] {
  const { isA, before } = ODRL_OPERATORS;
  return [
    ...(purpose === 'any' ? [] : [constraint('purpose', isA, id(ODRL_PURPOSES[purpose]))]),
    ...(release === 'any' ? [] : [constraint('modelRelease', isA, id(ODRL_RELEASES[release]))]),
    ...zoneConstraint('territory', territory),
    ...zoneConstraint('field', field),
    ...(until === null ? [] : [constraint('time', before, dateTime(until))]),
  ];
}

function zoneConstraint(left: 'territory' | 'field', zone: Zone): Node[] {
  if (zone === null) return [];
  return 'include' in zone
    ? [constraint(left, ODRL_OPERATORS.isAnyOf, zone.include.map(plain))]
    : [constraint(left, ODRL_OPERATORS.isNoneOf, zone.exclude.map(plain))];
}

/** A code, in no language whatever document it is put into. */
const plain = (code: string): Node => ({ '@type': 'xsd:string', '@value': code });

const constraint = (left: keyof typeof ODRL_LEFT_OPERANDS, operator: string, right: unknown): Node => ({
  '@type': 'odrl:Constraint',
  'odrl:leftOperand': id(ODRL_LEFT_OPERANDS[left]),
  'odrl:operator': id(operator),
  'odrl:rightOperand': right,
});

const dateTime = (ms: number): Node => ({ '@type': 'xsd:dateTime', '@value': timestampOf(ms) });

/** What is neither permitted nor denied altogether. */
function lostBy({ answers }: Survey): string[] {
  return answers
    .filter(({ widest, permitted, denied }) => !permitted.includes(widest) && !denied.includes(widest))
    .map(({ uses }) =>
      sentence(
        `${inFewest(uses).join(', ')}: what is neither permitted nor prohibited is not known, which an offer cannot say`,
      ),
    );
}
