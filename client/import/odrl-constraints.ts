import { Country } from '../../schemas/country.ts';
import { Timestamp } from '../../schemas/primitives.ts';
import { RightsRule } from '../../schemas/rights-rule.ts';
import type { Json } from '../../protocol/json.ts';
import { quoted } from '../../protocol/rights/import/finding.ts';
import { ODRL_PURPOSES, ODRL_RELEASES } from '../../protocol/rights/import/odrl-terms.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { isObject, textsOf, Thing, type Said } from './json-ld.ts';

/** Constraints of one rule that are read. */
const CONSTRAINTS = 16;

const SAYS = new Set(['leftOperand', 'operator', 'rightOperand', 'uid', 'name', 'description']);

/** A rule with all its ODRL constraints (ODRL 2.2 §2.5), or why one of them cannot be said exactly. */
export function constrain(rule: RightsRule, said: readonly Said[], outer: Thing): Result<RightsRule, string> {
  if (said.length > CONSTRAINTS) return refuse(`has more than ${CONSTRAINTS} constraints`);
  let constrained = rule;
  for (const { path, value } of said) {
    const next = isObject(value) ? apply(constrained, new Thing(value, path, outer.context)) : null;
    if (next === null) return refuse(`is limited by ${quoted(value)}, which no rule says exactly`);
    constrained = next;
  }
  const parsed = RightsRule.safeParse(constrained);
  return parsed.success
    ? ok(parsed.data)
    : refuse(`is limited in a way that no rule allows (${parsed.error.issues[0]?.message})`);
}

/** Null where it cannot be said exactly, or limits twice what a rule limits once. */
function apply(rule: RightsRule, constraint: Thing): RightsRule | null {
  if ([...constraint.terms].some((term) => !term.startsWith('@') && !SAYS.has(term.replace(/^odrl:/, '')))) return null;
  const [left, operator] = [wordIn(constraint, 'leftOperand'), wordIn(constraint, 'operator')];
  const right = [...constraint.values('odrl:rightOperand'), ...constraint.values('rightOperand')].map(
    ({ value }) => value,
  );
  if (operator === null || right.length === 0) return null;
  switch (left) {
    case 'spatial':
      return applyTerritory(rule, operator, right, constraint);
    case 'industry':
      return applyField(rule, operator, right, constraint);
    case 'fh:modelRelease':
      return applyRelease(rule, operator, right, constraint);
    case 'dateTime':
      return applyTime(rule, operator, right, constraint);
    case 'purpose':
    case null:
      // Croissant's own example leaves the left side out where the right one is a condition of DUO.
      return applyPurpose(rule, operator, right, constraint);
    default:
      return null;
  }
}

function wordIn(constraint: Thing, name: string): string | null {
  const [said] = [...constraint.values(`odrl:${name}`), ...constraint.values(name)];
  return said === undefined ? null : (constraint.reference(said.value)?.replace(/^odrl:/, '') ?? '');
}

const literal = (value: Json | undefined, thing: Thing): string | null =>
  value === undefined ? null : (textsOf(value, thing.context)[0]?.text ?? null);

function applyTerritory(rule: RightsRule, operator: string, right: readonly Json[], thing: Thing): RightsRule | null {
  const countries = right.map((value) => literal(value, thing));
  if (rule.territory !== undefined || !countries.every((country) => Country.safeParse(country).success)) return null;
  const territory = zoneOf(countries as string[], operator);
  return territory === null ? null : { ...rule, territory };
}

/** Fields go by any words; those of a vocabulary are references, and mean what it says they do. */
function applyField(rule: RightsRule, operator: string, right: readonly Json[], thing: Thing): RightsRule | null {
  const words = right.map((value) => literal(value, thing));
  const field = words.includes(null) ? null : zoneOf(words as string[], operator);
  return field === null || rule.field !== undefined ? null : { ...rule, field };
}

function zoneOf(members: readonly string[], operator: string): NonNullable<RightsRule['field']> | null {
  const listed = [...new Set(members)];
  if (operator === 'isAnyOf' || (operator === 'eq' && listed.length === 1)) return { include: listed };
  if (operator === 'isNoneOf' || (operator === 'neq' && listed.length === 1)) return { exclude: listed };
  return null;
}

function applyRelease(rule: RightsRule, operator: string, right: readonly Json[], thing: Thing): RightsRule | null {
  const name = right.length === 1 ? thing.reference(right[0] as Json) : null;
  const modelRelease = name !== null && Object.hasOwn(ODRL_RELEASES, name) ? ODRL_RELEASES[name] : undefined;
  if (modelRelease === undefined || rule.modelRelease !== undefined || !isEqual(operator)) return null;
  return { ...rule, modelRelease };
}

const isEqual = (operator: string): boolean => operator === 'eq' || operator === 'isA';

/** A rule's period begins at `from` and ends just before `until`, in whole seconds. */
function applyTime(rule: RightsRule, operator: string, right: readonly Json[], thing: Thing): RightsRule | null {
  const time = Timestamp.safeParse(literal(right[0], thing));
  if (!time.success || right.length > 1) return null;
  const next = (): string => new Date(Date.parse(time.data) + 1000).toISOString().replace('.000Z', 'Z');
  const isStart = operator === 'gteq' || operator === 'gt';
  if (!isStart && operator !== 'lt' && operator !== 'lteq') return null;
  const edge = isStart ? 'from' : 'until';
  if (rule.period?.[edge] !== undefined) return null;
  return { ...rule, period: { ...rule.period, [edge]: operator === 'gteq' || operator === 'lt' ? time.data : next() } };
}

function applyPurpose(rule: RightsRule, operator: string, right: readonly Json[], thing: Thing): RightsRule | null {
  const name = right.length === 1 ? thing.reference(right[0] as Json) : null;
  const purpose = name !== null && Object.hasOwn(ODRL_PURPOSES, name) ? ODRL_PURPOSES[name] : undefined;
  if (purpose === undefined || rule.purpose !== undefined || !isEqual(operator)) return null;
  return { ...rule, purpose };
}
