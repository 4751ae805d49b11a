import parse, { type Info } from 'spdx-expression-parse';
import deprecatedIds from 'spdx-license-ids/deprecated.json' with { type: 'json' };
import currentIds from 'spdx-license-ids/index.json' with { type: 'json' };
import { ok, refuse, type Result } from '../result.ts';

/** One licence of an expression, with its `+` and its exception. */
export interface LicenceTerm {
  id: string;
  plus: boolean;
  exception: string | null;
}

/** Why a text is no licence expression, and what was probably meant. */
export interface ExpressionFault {
  detail: string;
  /** Looked for once it is asked for: that takes far longer than to see that the text is none. */
  readonly suggestion: string | null;
}

/** What an expression may have: characters, nested parentheses, licences, and sets of licences to choose from. */
const LENGTH = 500;
const DEPTH = 16;
const LICENCES_NAMED = 32;
const ALTERNATIVES = 16;
/** Unknown licences of one expression that are put right. */
const CORRECTIONS = 4;

/**
 * An SPDX licence expression as the licensee's choice of sets of licences that all hold: `A AND (B OR C)` is `[[A, B],
 * [A, C]]`. The text may come from anyone: it is bounded before it is parsed.
 */
export function readExpression(text: string): Result<LicenceTerm[][], ExpressionFault> {
  const fault = (detail: string, find: () => string | null = () => null) =>
    refuse({
      detail,
      get suggestion() {
        return find();
      },
    });
  if (text.length > LENGTH) return fault(`is longer than ${LENGTH} characters`);
  if (!/^[A-Za-z0-9.()+: -]+$/.test(text))
    return fault('has characters that no SPDX expression has', () => suggest(text));
  if (depthOf(text) > DEPTH) return fault(`nests parentheses deeper than ${DEPTH}`);
  const named = licencesIn(text);
  if (named.length > LICENCES_NAMED) return fault(`names more than ${LICENCES_NAMED} licences`);
  let info: Info;
  try {
    info = parse(text);
  } catch {
    const unknown = named.find((id) => !isListed(id) && !/^(LicenseRef|DocumentRef)-/.test(id));
    return fault(
      unknown === undefined ? 'is not an SPDX expression' : `names ${unknown}, which SPDX does not list`,
      () => suggest(text) ?? corrected(text, named),
    );
  }
  const choices = choicesOf(info);
  return choices === null ? fault(`leaves more than ${ALTERNATIVES} choices`) : ok(choices);
}

function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const character of text) {
    if (character === '(') deepest = Math.max(deepest, ++depth);
    else if (character === ')') depth--;
  }
  return deepest;
}

/** The words of an expression that name licences, in order; what follows WITH is an exception. */
const licencesIn = (text: string): string[] =>
  [...text.matchAll(/(?<with>\bwith +)?(?<word>[A-Za-z0-9][A-Za-z0-9.:-]*)/gi)].flatMap(({ groups }) =>
    groups?.['with'] !== undefined || /^(and|or|with)$/i.test(groups?.['word'] ?? 'and')
      ? []
      : [groups?.['word'] ?? ''],
  );

/** Null past the bound. */
function choicesOf(info: Info): LicenceTerm[][] | null {
  if ('license' in info) {
    return [[{ id: info.license, plus: info.plus === true, exception: info.exception ?? null }]];
  }
  const [left, right] = [choicesOf(info.left), choicesOf(info.right)];
  if (left === null || right === null) return null;
  const both = info.conjunction === 'or' ? [...left, ...right] : left.flatMap((a) => right.map((b) => [...a, ...b]));
  return both.length > ALTERNATIVES ? null : both;
}

const listed: ReadonlySet<string> = new Set([...currentIds, ...deprecatedIds]);
const isListed = (id: string): boolean => listed.has(id);

/** SPDX's own replacements of the identifiers that it no longer recommends. */
const REPLACED: Readonly<Record<string, string>> = {
  'BSD-2-Clause-FreeBSD': 'BSD-2-Clause-Views',
  'BSD-2-Clause-NetBSD': 'BSD-2-Clause',
  'GPL-2.0-with-GCC-exception': 'GPL-2.0-only WITH GCC-exception-2.0',
  'GPL-2.0-with-autoconf-exception': 'GPL-2.0-only WITH Autoconf-exception-2.0',
  'GPL-2.0-with-bison-exception': 'GPL-2.0-only WITH Bison-exception-2.2',
  'GPL-2.0-with-classpath-exception': 'GPL-2.0-only WITH Classpath-exception-2.0',
  'GPL-2.0-with-font-exception': 'GPL-2.0-only WITH Font-exception-2.0',
  'GPL-3.0-with-GCC-exception': 'GPL-3.0-only WITH GCC-exception-3.1',
  'GPL-3.0-with-autoconf-exception': 'GPL-3.0-only WITH Autoconf-exception-3.0',
  'StandardML-NJ': 'SMLNJ',
  'bzip2-1.0.5': 'bzip2-1.0.6',
  'eCos-2.0': 'GPL-2.0-or-later WITH eCos-exception-2.0',
  wxWindows: 'LGPL-2.0-or-later WITH WxWindows-exception-3.1',
};

/** What SPDX recommends in place of a deprecated identifier; null where it is not deprecated, or nothing replaces it. */
export function replacementOf({ id, plus }: Pick<LicenceTerm, 'id' | 'plus'>): string | null {
  if (!deprecatedIds.includes(id)) return null;
  const [only, later] = [`${id}-only`, `${id}-or-later`];
  if (plus && isListed(later)) return later;
  return isListed(only) ? only : (REPLACED[id] ?? null);
}

/** Letters and digits only, without words and endings in which spellings differ. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/licen[cs]e|version|attribution|international/g, (word) => (word === 'attribution' ? 'by' : ''))
    .replace(/[^a-z0-9]/g, '')
    .replace(/^creativecommons/, 'cc')
    .replace(/v(?=\d)/g, '');

const byPlain: ReadonlyMap<string, string> = new Map(
  // The shorter identifier wins where two read alike; listed ids are in alphabetical order.
  [...currentIds].sort((a, b) => b.length - a.length).map((id) => [plain(id), id]),
);

/** The identifier that was probably meant; null where nothing is near. */
export function suggest(text: string): string | null {
  if (text.length > 100) return null;
  const wanted = plain(text);
  if (wanted.length < 2) return null;
  const same = byPlain.get(wanted) ?? byPlain.get(`${wanted}0`) ?? byPlain.get(wanted.replace(/0+$/, ''));
  if (same !== undefined) return same;
  const deprecated = deprecatedIds.find((id) => plain(id) === wanted || plain(id) === `${wanted}0`);
  if (deprecated !== undefined) return replacementOf({ id: deprecated, plus: false });
  const versions = [...byPlain.keys()].filter(
    (key) => key.startsWith(wanted) && /^\d+$/.test(key.slice(wanted.length)),
  );
  if (versions.length > 0) return byPlain.get(versions.sort().at(-1) as string) as string;
  let nearest: { id: string; distance: number } | null = null;
  for (const [key, id] of byPlain) {
    const distance = editDistance(wanted, key, Math.floor(wanted.length / 4));
    if (distance === null) continue;
    const isNearer =
      nearest === null || distance < nearest.distance || (distance === nearest.distance && id < nearest.id);
    if (isNearer) nearest = { id, distance };
  }
  return nearest?.id ?? null;
}

/** An expression in which each unknown identifier is replaced by what was probably meant; null unless all can be. */
function corrected(text: string, named: readonly string[]): string | null {
  const unknown = named.filter((id) => !isListed(id) && !/^(LicenseRef|DocumentRef)-/.test(id));
  if (unknown.length > CORRECTIONS) return null;
  const meant = new Map(unknown.map((id) => [id, suggest(id)]));
  if (meant.size === 0 || [...meant.values()].includes(null)) return null;
  return text.replace(/[A-Za-z0-9][A-Za-z0-9.:-]*/g, (word) => meant.get(word) ?? word);
}

/** Levenshtein's distance; null past `most`. */
function editDistance(a: string, b: string, most: number): number | null {
  if (Math.abs(a.length - b.length) > most) return null;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    if (Math.min(...next) > most) return null;
    row = next;
  }
  const distance = row.at(-1) as number;
  return distance <= most ? distance : null;
}
