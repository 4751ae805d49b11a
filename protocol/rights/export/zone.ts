import { COUNTRIES } from '../../../schemas/country.ts';
import type { RightsRule } from '../../../schemas/rights-rule.ts';

/** Some countries or fields, or all but some; null for everything there is. */
export type Zone = NonNullable<RightsRule['field']> | null;

const membersOf = (zone: NonNullable<Zone>): readonly string[] => ('include' in zone ? zone.include : zone.exclude);

/**
 * Cuts what is there where a rule may: one zone for all members that every rule holds or leaves out alike, and one for
 * those that none names. Null first. Null where that is more than `most`.
 */
export function zonesOf(limits: readonly NonNullable<Zone>[], most: number): Zone[] | null {
  if (limits.length === 0) return [null];
  // Those that name a member are just those that tell it from the rest: so it costs what is written, however much that is.
  const naming = new Map<string, string>();
  for (const [i, zone] of limits.entries())
    for (const member of membersOf(zone)) naming.set(member, `${naming.get(member) ?? ''} ${i}`);
  const named = [...naming.keys()].toSorted();
  const kinds = new Map<string, string[]>();
  for (const member of named) {
    const kind = naming.get(member) ?? '';
    const alike = kinds.get(kind);
    if (alike === undefined) kinds.set(kind, [member]);
    else alike.push(member);
    // The whole, and what nobody names, are two more.
    if (kinds.size + 2 > most) return null;
  }
  return [null, ...[...kinds.values()].map((include) => ({ include })), { exclude: named }];
}

/** A country that stands for all of a zone; undefined where it holds none. */
export const countryIn = (zone: NonNullable<Zone>): string | undefined =>
  'include' in zone ? zone.include[0] : COUNTRIES.find((country) => !zone.exclude.includes(country));

/** A field that stands for all of a zone. */
export function fieldIn(zone: NonNullable<Zone>): string {
  if ('include' in zone) return zone.include[0] ?? '';
  let field = 'other';
  while (zone.exclude.includes(field)) field += '-';
  return field;
}

/** Zones that were cut from one whole, put together again; several where no one form says them. */
export function joined(zones: readonly Zone[]): Zone[] {
  if (zones.includes(null)) return [null];
  const include = zones.flatMap((zone) => (zone !== null && 'include' in zone ? zone.include : [])).toSorted();
  const rest = zones.find((zone) => zone !== null && 'exclude' in zone);
  if (rest === undefined || rest === null || !('exclude' in rest)) return [{ include }];
  const exclude = rest.exclude.filter((member) => !include.includes(member));
  return exclude.length > 0 ? [{ exclude }] : [{ include }, rest];
}

/** The countries of a zone, by name. */
export const countriesOf = (zone: NonNullable<Zone>): readonly string[] =>
  'include' in zone ? zone.include : COUNTRIES.filter((country) => !zone.exclude.includes(country));
