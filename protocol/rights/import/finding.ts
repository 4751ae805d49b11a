import type { Json } from '../../json.ts';

/**
 * What became of one thing that an imported document says. `ambiguous`: it may mean several things, and a person must say
 * which. `unusable`: it means nothing here, or is not there. `ignored`: it was understood, and has no place in a record.
 */
export type Outcome = 'taken' | 'ambiguous' | 'unusable' | 'ignored';

/** One thing that a document says, where, and what became of it. */
export interface Finding {
  /** Where: member names and indices, `distribution/2/sha256`. */
  path: string;
  /** As it was found; what is long is cut, and ends in `…`. Null where it is absent. */
  value: Json;
  outcome: Outcome;
  /** What it was taken as, or why it was not taken. */
  reason: string;
}

/** How much of a value is shown, in characters. */
const SHOWN = 300;

export function finding(path: string, value: Json, outcome: Outcome, reason: string): Finding {
  return { path: cut(path), value: shown(value), outcome, reason };
}

/** A value as it is shown: what is long, as the beginning of its JSON. */
export function shown(value: Json): Json {
  if (typeof value === 'string') return cut(value);
  if (value === null || typeof value !== 'object') return value;
  const text = JSON.stringify(value);
  return text.length <= SHOWN ? value : cut(text);
}

/** Cut between characters: half of a surrogate pair is no text. */
const cut = (text: string): string =>
  text.length <= SHOWN ? text : `${text.slice(0, SHOWN).replace(/[\ud800-\udbff]$/, '')}…`;

/** A value in a sentence. */
export const quoted = (value: Json): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `“${text.length <= 80 ? text : `${text.slice(0, 79).replace(/[\ud800-\udbff]$/, '')}…`}”`;
};
