// Reads exported documents as those they are meant for would: nothing here knows how they are written.
import { SaxesParser } from 'saxes';
import { parseDictionary, Token } from 'structured-headers';

/** What a `Content-Usage` value says of its categories; others are unknown. */
export function readContentUsage(value: string): Record<string, 'y' | 'n'> {
  const said: Record<string, 'y' | 'n'> = {};
  for (const [category, [item, parameters]] of parseDictionary(value)) {
    if (!(item instanceof Token) || parameters.size > 0) throw new Error(`${category} is no bare token`);
    const token = item.toString();
    if (token !== 'y' && token !== 'n') throw new Error(`${category}=${token}`);
    said[category] = token;
  }
  return said;
}

/** An element of an XML document. */
export interface Xml {
  name: string;
  attributes: Record<string, string>;
  children: Xml[];
  text: string;
}

/** Parses XML 1.0 with namespaces; throws where it is not well-formed. */
export function readXml(document: string): Xml {
  const root: Xml = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => {
    const element: Xml = {
      name: tag.local,
      attributes: Object.fromEntries(Object.values(tag.attributes).map(({ name, value }) => [name, value])),
      children: [],
      text: '',
    };
    if (open.length === 1) element.attributes['namespace'] = tag.uri;
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const at = open.at(-1);
    if (at !== undefined) at.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(document).close();
  const [first] = root.children;
  if (first === undefined || root.children.length > 1) throw new Error('not one root element');
  return first;
}

/** One `<license>`: usages, countries (of all, if none), and what it asks for. */
export interface RslLicence {
  permits: string[];
  geo: string[];
  prohibits: string[];
  payment: string;
}

export function readRsl(document: string): RslLicence[] {
  const [content] = readXml(document).children;
  return (content?.children ?? [])
    .filter(({ name }) => name === 'license')
    .map(({ children }) => {
      const tokens = (name: string, type: string): string[] =>
        children
          .filter((child) => child.name === name && child.attributes['type'] === type)
          .flatMap(({ text }) => text.split(' '));
      return {
        permits: tokens('permits', 'usage'),
        geo: tokens('permits', 'geo'),
        prohibits: tokens('prohibits', 'usage'),
        payment: children.find(({ name }) => name === 'payment')?.attributes['type'] ?? 'free',
      };
    });
}

/** A rule of an offer; what it does not limit is not there. */
export interface OdrlRule {
  effect: 'permit' | 'prohibit';
  actions: string[];
  purpose?: string;
  release?: string;
  countries?: OdrlList;
  fields?: OdrlList;
  before?: string;
  duties: string[];
}
export interface OdrlList {
  operator: 'odrl:isAnyOf' | 'odrl:isNoneOf';
  values: string[];
}

interface Ref {
  '@id': string;
}
interface Literal {
  '@value': string;
}
interface ConstraintNode {
  'odrl:leftOperand': Ref;
  'odrl:operator': Ref;
  'odrl:rightOperand': unknown;
}
interface RuleNode {
  'odrl:action': Ref[];
  'odrl:constraint'?: ConstraintNode[];
  'odrl:duty'?: { 'odrl:action': Ref }[];
}

const LIMITS: Record<string, 'purpose' | 'release' | 'countries' | 'fields' | 'before'> = {
  'odrl:purpose': 'purpose',
  'fh:modelRelease': 'release',
  'odrl:spatial': 'countries',
  'odrl:industry': 'fields',
  'odrl:dateTime': 'before',
};

/** The rules of an offer in JSON-LD, prefixes as they are written. */
export function readOffer(offer: Record<string, unknown>): OdrlRule[] {
  const rules = (key: string, effect: OdrlRule['effect']): OdrlRule[] =>
    ((offer[key] ?? []) as RuleNode[]).map((node) => ({
      effect,
      actions: node['odrl:action'].map(({ '@id': id }) => id),
      ...Object.fromEntries((node['odrl:constraint'] ?? []).map(readConstraint)),
      duties: (node['odrl:duty'] ?? []).map((duty) => duty['odrl:action']['@id']),
    }));
  return [...rules('odrl:permission', 'permit'), ...rules('odrl:prohibition', 'prohibit')];
}

function readConstraint(node: ConstraintNode): [string, unknown] {
  const limit = LIMITS[node['odrl:leftOperand']['@id']];
  const operator = node['odrl:operator']['@id'];
  const right = node['odrl:rightOperand'];
  if (limit === undefined) throw new Error(node['odrl:leftOperand']['@id']);
  if (limit === 'countries' || limit === 'fields') {
    return [limit, { operator, values: (right as Literal[]).map((each) => each['@value']) }];
  }
  const value = right as Partial<Ref & Literal>;
  if (operator !== (limit === 'before' ? 'odrl:lt' : 'odrl:isA')) throw new Error(operator);
  return [limit, value['@id'] ?? value['@value']];
}

/** “permit fh:train odrl:derive; fh:noncommercial; countries of DE, US; → odrl:attribute”: a rule in one line. */
export function ruleLine({ effect, actions, purpose, release, countries, fields, before, duties }: OdrlRule): string {
  const list = (name: string, of: OdrlList | undefined): string[] =>
    of === undefined ? [] : [`${name} ${of.operator.slice('odrl:is'.length)} ${of.values.join(', ')}`];
  const limits = [
    ...(purpose === undefined ? [] : [purpose]),
    ...(release === undefined ? [] : [release]),
    ...list('countries', countries),
    ...list('fields', fields),
    ...(before === undefined ? [] : [`before ${before}`]),
  ];
  return [`${effect} ${actions.join(' ')}`, ...limits, ...(duties.length === 0 ? [] : [`→ ${duties.join(' ')}`])].join(
    '; ',
  );
}
