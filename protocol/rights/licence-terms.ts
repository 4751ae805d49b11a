import type { RightsRule } from '../../schemas/rights-rule.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { clauseOf } from './clause.ts';
import type { Term } from './evaluate.ts';
import { LICENCES, type Licence } from './licences.ts';
import { readExpression, replacementOf, type LicenceTerm } from './spdx.ts';

const byId: ReadonlyMap<string, Licence> = new Map(LICENCES.map((licence) => [licence.id, licence]));

/** A licence in the form in which it is compared with requests: made once, for it never changes. */
const implied = new Map(
  LICENCES.map(({ id, rules }) => [
    id,
    rules.map(({ clause, says, ...rule }) =>
      clauseOf({ ...rule, uses: [...rule.uses], duties: [...(rule.duties ?? [])] } satisfies RightsRule, {
        source: 'licence',
        license: id,
        clause,
        says,
      }),
    ),
  ]),
);

const expressions = new BoundedCache<string, readonly (readonly Term[])[]>(256);

/**
 * What a licence expression implies: the licensee's choice of sets of licences that all hold. One that is not in the
 * table, or cannot be read, implies nothing, and its note says why.
 */
export const alternativesOf = (expression: string): readonly (readonly Term[])[] =>
  expressions.get(expression, () => {
    const read = readExpression(expression);
    if (read.ok) return read.value.map((terms) => terms.map(termOf));
    const fault = read.reason;
    return [
      [
        {
          license: expression,
          clauses: [],
          get note() {
            const { detail, suggestion } = fault;
            const hint = suggestion === null ? '' : ` (is ${suggestion} meant?)`;
            return `the licence “${expression}” ${detail}${hint}, so it implies nothing`;
          },
        },
      ],
    ];
  });

function termOf(term: LicenceTerm): Term {
  const { id, plus, exception } = term;
  const licence = licenceOf(term);
  const notes = [
    ...(licence !== null && licence.id !== id ? [`${id} is read as ${licence.id}`] : []),
    ...(licence !== null && plus ? [`a later version of ${id} may be chosen, and is not needed`] : []),
    ...(licence !== null && exception !== null
      ? [`${exception} can only permit more, and is left out of account`]
      : []),
    ...(licence === null ? [silenceOf(id)] : []),
  ];
  return {
    license: licence?.id ?? id,
    clauses: licence === null ? [] : (implied.get(licence.id) ?? []),
    note: notes.length === 0 ? null : notes.join('; '),
  };
}

/** The row of the table for one licence of an expression. */
export const licenceOf = (term: LicenceTerm): Licence | null =>
  byId.get(term.id) ?? byId.get(replacementOf(term) ?? '') ?? null;

const silenceOf = (id: string): string =>
  /LicenseRef-/.test(id)
    ? `${id} stands for terms of its own, which imply nothing here: they must be read`
    : `what ${id} implies is not in the licence table`;
