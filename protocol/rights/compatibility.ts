import type { Licence } from './licences.ts';
import { licenceOf } from './licence-terms.ts';
import { readExpression } from './spdx.ts';

/** What a dataset is made of, and its licence expression. */
export interface Licensed {
  what: string;
  license: string;
}

/** A share-alike licence beside one under which what is made of both cannot be shared alike. */
export interface Conflict {
  alike: Licensed & { clause: string };
  limited: Licensed & { clause: string; limit: 'no-derivatives' | 'non-commercial' };
}

/**
 * The licences of one dataset that do not go together: share-alike beside no-derivatives or non-commercial, whichever
 * licences the licensee chooses. Each two expressions are named once, by the first that carry them.
 */
export function conflictsAmong(parts: readonly Licensed[]): Conflict[] {
  const distinct = [...new Map(parts.toReversed().map((part) => [part.license, part])).values()].toReversed();
  const read = distinct.map((part) => ({ part, choices: choicesOf(part.license) }));
  return read.flatMap((a, i) =>
    read.slice(i + 1).flatMap((b) => {
      // No licence is at odds with itself, and one that implies nothing with none.
      const meetings = a.choices.flatMap((x) => b.choices.map((y) => conflictOf(a.part, x, b.part, y)));
      const [first] = meetings;
      return first !== undefined && first !== null && meetings.every((each) => each !== null) ? [first] : [];
    }),
  );
}

function choicesOf(expression: string): Licence[][] {
  const read = readExpression(expression);
  if (!read.ok) return [];
  return read.value.map((terms) => terms.map(licenceOf).filter((licence) => licence !== null));
}

function conflictOf(a: Licensed, ofA: readonly Licence[], b: Licensed, ofB: readonly Licence[]): Conflict | null {
  return oneWay(a, ofA, b, ofB) ?? oneWay(b, ofB, a, ofA);
}

function oneWay(a: Licensed, alikes: readonly Licence[], b: Licensed, others: readonly Licence[]): Conflict | null {
  for (const alike of alikes) {
    for (const other of others) {
      if (alike.shareAlike === undefined || alike.id === other.id) continue;
      const limit = other.noDerivatives === undefined ? 'non-commercial' : 'no-derivatives';
      // A share-alike licence that is non-commercial itself has no quarrel with another such limit.
      const clause = other.noDerivatives ?? (alike.nonCommercial === undefined ? other.nonCommercial : undefined);
      if (clause === undefined) continue;
      return {
        alike: { what: a.what, license: alike.id, clause: alike.shareAlike },
        limited: { what: b.what, license: other.id, clause, limit },
      };
    }
  }
  return null;
}
