import type { RightsRule } from '../../schemas/rights-rule.ts';
import type { Json } from '../../protocol/json.ts';
import { ODRL_PROFILE } from '../../protocol/rights/export/odrl-terms.ts';
import type { ImportedRules } from '../../protocol/rights/import/aipref.ts';
import { finding, quoted, type Finding } from '../../protocol/rights/import/finding.ts';
import { DUO_PROHIBITS, ODRL_ACTIONS, ODRL_DUTIES, ODRL_PROFILES } from '../../protocol/rights/import/odrl-terms.ts';
import { ruleInWords } from '../../protocol/rights/words.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { isObject, Thing, type Said } from './json-ld.ts';
import { constrain } from './odrl-constraints.ts';

/** Offers and rules that are read. */
const OFFERS = 64;
const RULES = 256;

/** What an offer, and a rule, may say besides what is read, without meaning anything else by it. */
const OFFER_SAYS = new Set([
  'permission',
  'prohibition',
  'profile',
  'uid',
  'target',
  'assigner',
  'conflict',
  'name',
  'description',
  'url',
  'dct:issued',
]);
const RULE_SAYS = new Set(['action', 'constraint', 'duty', 'target', 'assigner', 'uid', 'name', 'description']);

const REST = 'say it in rights.rules';

/**
 * Reads the usage information of a dataset: ODRL 2.2 offers (Croissant 1.1, Data Use Conditions) and terms of DUO. Only what a
 * rule can say exactly becomes one; all else is listed.
 */
export function readOffers(said: readonly Said[], dataset: Thing): ImportedRules {
  const imported: ImportedRules = { rules: [], findings: [] };
  for (const each of said.slice(0, OFFERS)) readUsage(each, dataset, imported);
  if (said.length > OFFERS)
    imported.findings.push(
      finding('usageInfo', said.length, 'unusable', `what comes after the first ${OFFERS} was not read`),
    );
  return imported;
}

function readUsage({ path, value }: Said, dataset: Thing, imported: ImportedRules): void {
  const list = (outcome: Finding['outcome'], reason: string): void =>
    void imported.findings.push(finding(path, value, outcome, reason));
  if (!isObject(value)) return list('ambiguous', `points to terms that were not read: ${REST}`);
  const usage = new Thing(value, path, dataset.context);
  if (odrl(usage, 'permission').length + odrl(usage, 'prohibition').length > 0)
    return readOffer(usage, dataset, imported);
  const duo = duoIn(usage);
  if (duo === null) return list('ambiguous', `is no ODRL offer; its terms were not read: ${REST}`);
  const limit = Object.hasOwn(DUO_PROHIBITS, duo) ? DUO_PROHIBITS[duo] : undefined;
  if (limit === undefined) return list('ambiguous', `is a condition (${duo}) that no rule says exactly: ${REST}`);
  const rule: RightsRule = { effect: 'prohibit', uses: [...limit.uses], purpose: limit.purpose };
  imported.rules.push(rule);
  list('taken', ruleInWords(rule));
}

/** The code of a DUO term, `duo:0000046`; null where it is none. */
function duoIn(term: Thing): string | null {
  for (const { value } of ['@id', 'url', 'termCode'].flatMap((name) => term.values(name))) {
    const [, code] =
      /^(?:duo:|DUO[_:])(\d{7})$/.exec(term.reference(value) ?? '') ??
      /(?:^|[/:])DUO_(\d{7})$/.exec(typeof value === 'string' ? value : '') ??
      [];
    if (code !== undefined) return `duo:${code}`;
  }
  return null;
}

/** Members of a policy: with the prefix, or without it where the context of ODRL, which is not fetched, is at work. */
const odrl = (thing: Thing, name: string): Said[] => [...thing.values(`odrl:${name}`), ...thing.values(name)];

/** What a thing says that is not among the words that are read; null where there is nothing. */
const unread = (thing: Thing, read: ReadonlySet<string>): string | null =>
  [...thing.terms].find((term) => !term.startsWith('@') && !read.has(term.replace(/^odrl:/, ''))) ?? null;

function readOffer(offer: Thing, dataset: Thing, imported: ImportedRules): void {
  const fault = faultOf(offer, dataset);
  const rules = (['permission', 'prohibition'] as const).flatMap((kind) =>
    odrl(offer, kind).map((said) => ({ kind, said })),
  );
  const read = rules.slice(0, RULES).map(({ kind, said }) => ({
    kind,
    said,
    rule:
      fault === null || (kind === 'prohibition' && fault.only === 'permission')
        ? readRule(kind, said, offer, dataset)
        : refuse(fault.reason),
  }));
  // What is permitted but for that, nobody knows.
  const isCut = rules.length > RULES || read.some(({ kind, rule }) => kind === 'prohibition' && !rule.ok);
  for (const { kind, said, rule: own } of read) {
    const rule = isCut && kind === 'permission' && own.ok ? refuse('the offer prohibits what cannot be read') : own;
    if (rule.ok) imported.rules.push(rule.value);
    const reason = rule.ok ? ruleInWords(rule.value) : `${rule.reason}: ${REST}`;
    imported.findings.push(finding(said.path, said.value, rule.ok ? 'taken' : 'ambiguous', reason));
  }
  if (rules.length > RULES)
    imported.findings.push(finding(offer.path, rules.length, 'unusable', `rules past ${RULES} were not read`));
}

/** Why the rules of an offer, or its permissions alone, cannot be read as they stand. */
function faultOf(offer: Thing, dataset: Thing): { only: 'permission' | null; reason: string } | null {
  const profile = odrl(offer, 'profile').find(({ value }) => !ODRL_PROFILES.has(offer.reference(value) ?? ''));
  if (profile !== undefined)
    return {
      only: null,
      reason: `the offer follows the profile ${quoted(profile.value)}, which may change what its words mean`,
    };
  if (!isAbout(offer, dataset, isOurs(offer)))
    return { only: null, reason: 'the offer is about something else than the dataset' };
  // A condition on the whole offer limits what it permits; what it prohibits stays prohibited.
  const more = unread(offer, OFFER_SAYS);
  return more === null ? null : { only: 'permission', reason: `the offer also says ${more}, which may limit it` };
}

/** Whether an offer or a rule that names its target names the dataset. */
function isAbout(thing: Thing, dataset: Thing, isOurs: boolean): boolean {
  const terms = ['@id', 'url', 'identifier'].flatMap((term) => dataset.values(term));
  const names = new Set(terms.map(({ value }) => dataset.reference(value)));
  return odrl(thing, 'target').every(({ value }) => {
    const target = thing.reference(value);
    return target !== null && (names.has(target) || (isOurs && target.startsWith('ni:///sha-256;')));
  });
}

const isOurs = (offer: Thing): boolean =>
  odrl(offer, 'profile').some(({ value }) => offer.reference(value) === ODRL_PROFILE);

type Kind = 'permission' | 'prohibition';

function readRule(kind: Kind, { path, value }: Said, offer: Thing, dataset: Thing): Result<RightsRule, string> {
  if (!isObject(value)) return refuse('is no rule that is written out');
  const rule = new Thing(value, path, offer.context);
  const more = unread(rule, RULE_SAYS);
  if (more !== null) return refuse(`says ${more}, which no rule says exactly`);
  if (!isAbout(rule, dataset, isOurs(offer))) return refuse('is about something else than the dataset');
  const read = readActions(kind, rule);
  if (!read.ok) return read;
  const constrained = constrain(read.value, odrl(rule, 'constraint'), rule);
  return constrained.ok ? readDuties(kind, constrained.value, rule) : constrained;
}

function readActions(kind: Kind, rule: Thing): Result<RightsRule, string> {
  const actions = odrl(rule, 'action');
  const uses = new Set<RightsRule['uses'][number]>();
  const purposes = new Set<RightsRule['purpose']>();
  for (const { value } of actions) {
    const action = actionIn(value, rule);
    const known = action !== null && Object.hasOwn(ODRL_ACTIONS, action) ? ODRL_ACTIONS[action] : undefined;
    const meant = known?.[kind];
    if (known === undefined || meant === undefined)
      return refuse(`the ${kind} of ${quoted(value)} is no use of ours exactly`);
    for (const use of meant) uses.add(use);
    purposes.add(known.purpose);
  }
  if (uses.size === 0) return refuse('names no action');
  if (purposes.size > 1) return refuse('mixes actions with purposes');
  const [purpose] = purposes;
  return ok({
    effect: kind === 'permission' ? 'permit' : 'prohibit',
    uses: [...uses],
    ...(purpose === undefined ? {} : { purpose }),
  });
}

/** An action by its name alone: one that is refined is another action. */
function actionIn(value: Json, rule: Thing): string | null {
  const plain = isObject(value) ? Object.keys(value).every((key) => ['@id', '@type', 'name'].includes(key)) : true;
  if (!plain) return null;
  const term = rule.reference(value);
  // Without a prefix it is a word of ODRL, whose own context was not fetched.
  return term !== null && /^\w+$/.test(term) ? `odrl:${term}` : term;
}

function readDuties(kind: Kind, rule: RightsRule, thing: Thing): Result<RightsRule, string> {
  const duties = new Set<NonNullable<RightsRule['duties']>[number]>();
  for (const { path, value } of odrl(thing, 'duty')) {
    if (kind === 'prohibition') return refuse('a prohibition has no duty');
    const duty = isObject(value) ? new Thing(value, path, thing.context) : null;
    const names = duty === null ? [] : odrl(duty, 'action').map((action) => actionIn(action.value, duty));
    const more = duty === null ? null : unread(duty, new Set(['action', 'uid', 'name', 'description']));
    const [name] = names;
    const known =
      names.length === 1 && typeof name === 'string' && Object.hasOwn(ODRL_DUTIES, name)
        ? ODRL_DUTIES[name]
        : undefined;
    if (known === undefined || more !== null)
      return refuse(`asks for ${quoted(value)}, which is no duty of ours exactly`);
    duties.add(known);
  }
  return ok(duties.size === 0 ? rule : { ...rule, duties: [...duties] });
}
