import { ok, refuse, type Result } from '../../result.ts';
import { readExpression, suggest } from '../spdx.ts';
import { quoted, type Outcome } from './finding.ts';
import {
  familyOf,
  identifierFor,
  idsByAddress,
  idsByName,
  plainAddress,
  saysNothing,
  saysPublicDomain,
} from './licence-names.ts';

/** Why no licence was read from what was said. */
export interface Unread {
  outcome: Exclude<Outcome, 'taken' | 'ignored'>;
  reason: string;
}

type Reading = Result<string, Unread>;

const ambiguous = (reason: string): Reading => refuse({ outcome: 'ambiguous', reason });
const unusable = (reason: string): Reading => refuse({ outcome: 'unusable', reason });

/** Texts longer than this name no licence; they may be the licence. */
const LENGTH = 500;
/** Licences that are offered where a text may mean several. */
const OFFERED = 6;

/**
 * The one SPDX expression that a text stands for: an identifier, an expression, a licence's address, or its name. What may
 * stand for several is not guessed.
 */
export function readLicence(text: string): Reading {
  const said = text.trim();
  if (said === '' || saysNothing(said)) return unusable(`${quoted(text)} names no licence, and silence is not consent`);
  if (said.length > LENGTH) return unusable('is a text, not the name of a licence');
  if (saysPublicDomain(said))
    return ambiguous('does not say by what it is in the public domain: CC0-1.0, PDDL-1.0, or the law');
  const address = plainAddress(said);
  if (address !== null) return readAddress(address);
  const expression = readIdentifiers(said);
  if (expression !== null) return expression;
  const named = idsByName(said);
  return named.length > 0 ? oneOf(named) : unknown(said);
}

function readAddress(address: string): Reading {
  const ids = idsByAddress(address);
  if (ids.length > 0) return oneOf(ids);
  const [, code] = /^creativecommons\.org\/licenses\/([a-z-]+)$/.exec(address) ?? [];
  const family = code === undefined ? [] : familyOf(`cc-${code}`);
  return family.length > 0
    ? ambiguous(`does not say which version: ${offer(family)}`)
    : unusable('is no address of a licence that SPDX lists; it was not fetched');
}

/** Null where the text is no expression. */
function readIdentifiers(said: string): Reading | null {
  const spelt = said
    .split(/([A-Za-z0-9.+:-]+)/)
    .map((word) => identifierFor(word) ?? (/^(?:and|or|with)$/i.test(word) ? word.toUpperCase() : word))
    .join('');
  const read = readExpression(spelt);
  if (!read.ok) return null;
  const terms = read.value.flat();
  if (terms.some(({ id }) => /LicenseRef-/.test(id)))
    return unusable('stands for terms of its own, whose digest is needed: write rights.terms by hand');
  const vague = terms.find(({ id, plus }) => !plus && identifierFor(`${id}-only`) !== null);
  if (vague !== undefined)
    return ambiguous(`does not say whether later versions hold, too: ${vague.id}-only, or ${vague.id}-or-later`);
  return ok(spelt);
}

function unknown(said: string): Reading {
  const family = familyOf(said);
  if (family.length > 0) return ambiguous(`does not say which: ${offer(family)}`);
  const near = suggest(said);
  return unusable(`is no licence that SPDX lists${near === null ? '' : ` (is ${near} meant?)`}`);
}

const oneOf = (ids: readonly string[]): Reading => {
  const [id] = ids;
  if (ids.length !== 1 || id === undefined) return ambiguous(`stands for several: ${offer(ids)}`);
  return readIdentifiers(id) ?? unusable(`${id} cannot be written as an expression`);
};

const offer = (ids: readonly string[]): string =>
  ids.length <= OFFERED ? ids.join(', ') : `${ids.slice(0, OFFERED).join(', ')} or ${ids.length - OFFERED} more`;

/** Mentions, and things that one says of itself, that are read: finding what each may mean takes a while. */
const MENTIONS = 16;

/** One mention of a licence: all that it says of itself, as an address, a name and an identifier. */
export type Mention = readonly string[];

/**
 * The one licence that all mentions agree on. Whether two hold together or are offered for choice nobody said, so two
 * are none.
 */
export function readMentions(mentions: readonly Mention[]): Reading {
  const said = mentions.filter((mention) => mention.length > 0);
  if (said.length === 0) return unusable('says no licence, and silence is not consent');
  if (said.length > MENTIONS) return ambiguous(`names more than ${MENTIONS} licences`);
  const read = said.map(readMention);
  const found = new Set(read.flatMap((reading) => (reading.ok ? [reading.value] : [])));
  const fault = read.find((reading) => !reading.ok);
  if (found.size > 1)
    return ambiguous(`names ${[...found].join(' and ')}, and not whether both hold (AND) or either (OR)`);
  if (fault === undefined) return read[0] as Reading;
  return found.size === 0 && said.length === 1
    ? fault
    : ambiguous(`says several things, one of which ${withoutSubject(fault)}`);
}

function readMention(texts: Mention): Reading {
  if (texts.length > MENTIONS) return ambiguous(`says more than ${MENTIONS} things of itself`);
  const read = texts.map(readLicence);
  const found = new Set(read.flatMap((reading) => (reading.ok ? [reading.value] : [])));
  const fault = read.find((reading) => !reading.ok);
  if (found.size > 1) return ambiguous(`names ${[...found].join(' and ')} at once`);
  if (fault === undefined || texts.length === 1) return read[0] as Reading;
  return found.size === 0
    ? fault
    : ambiguous(`names ${[...found].join('')}, but beside it something that ${withoutSubject(fault)}`);
}

const withoutSubject = (reading: Reading): string => (reading.ok ? '' : reading.reason.reason.replace(/^“[^”]*” /, ''));
