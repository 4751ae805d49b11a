// `npm run exports` writes docs/exports.md from the tables that exports are made by.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Duty, Use } from '../../schemas/rights-rule.ts';
import type { CoarseTerm } from '../../protocol/rights/export/coarse.ts';
import {
  ODRL_ACTIONS,
  ODRL_DUTIES,
  ODRL_LEFT_OPERANDS,
  ODRL_PREFIXES,
  ODRL_PROFILE,
  ODRL_PURPOSES,
  ODRL_RELEASES,
} from '../../protocol/rights/export/odrl-terms.ts';
import { unsaidInWords } from '../../protocol/rights/export/coarse.ts';
import { AIPREF_TERMS, CAWG_TERMS, RSL_TERMS, TDMREP_TERMS } from '../../protocol/rights/export/terms.ts';

export const EXPORTS_PAGE = fileURLToPath(new URL('../../docs/exports.md', import.meta.url));

const coarse = (vocabulary: string, terms: readonly CoarseTerm[]): string =>
  [
    '| word | names | a yes also needs | where |',
    '| --- | --- | --- | --- |',
    ...terms.map(
      ({ term, uses, besides, source }) => `| \`${term}\` | ${uses.join(', ')} | ${besides.join(', ')} | ${source} |`,
    ),
    '',
    ...unsaidInWords(vocabulary, terms).map((sentence) => `${sentence}.`),
  ].join('\n');

const pairs = (title: string, table: Readonly<Record<string, string>>, order: readonly string[] = Object.keys(table)) =>
  [`| ${title} | term |`, '| --- | --- |', ...order.map((each) => `| ${each} | \`${table[each]}\` |`)].join('\n');

/** The page. */
export function exportsPage(): string {
  return `# Rights in the words of others

Made from \`protocol/rights/export/\` by \`npm run exports\`. Why it is so: [decision 0030](decisions/0030-rights-in-the-words-of-others.md).

\`firsthand export ID --as FORMAT\`, or \`GET /v1/datasets/{id}/rights/{format}\`, asks the engine what the public may do with a
record, over its whole lineage, and says it in another vocabulary. It asks at the worst (any purpose, worldwide, any release,
any field, anyone), and in every part that the rules tell apart.

- A coarse word is a **yes** only when every use that it covers is permitted without a condition, a **no** when any that it
  names is denied, and is **left out** otherwise.
- What is permitted on conditions is said where the format can: CAWG \`constrained\`, RSL \`payment\`, ODRL duties.
- What the format has no words for is listed, a sentence each: \`lost\` in JSON, stderr of the command. Where nothing at all
  can be said there is no document (\`null\`).
- No format but ODRL has a date: the others hold as of now. None says whose rights limit, nor what a grant gives to one
  licensee, nor what becomes of models once a right ends.

## AIPREF

draft-ietf-aipref-vocab-08 and draft-ietf-aipref-attach-05: the value of a \`Content-Usage\` field, \`train-ai=n, search=y\`.

${coarse('AIPREF', AIPREF_TERMS)}

Lost: duties, purposes, releases, territories, fields.

## CAWG

Training and Data Mining Assertion 1.1: \`{ label: "cawg.training-mining", data: { entries } }\`. \`allowed\` is a yes, \`notAllowed\`
a no; what is permitted on conditions is \`constrained\`, with the duties in \`constraint_info\`.

${coarse('CAWG', CAWG_TERMS)}

Lost: purposes, releases, territories, fields.

## RSL

RSL 1.0: \`<permits type="usage">\` and \`<prohibits type="usage">\`, one \`<license>\` for what is free, one for what asks for credit
(\`<payment type="attribution">\`), and others for what is so in some countries only (\`<permits type="geo">\`).

${coarse('RSL', RSL_TERMS)}

Lost: every duty but credit, and what asks for one; purposes (RSL tells users apart, not what they do it for), releases, fields.
A licence that permits nothing by name would permit whatever it does not prohibit, so without anything to permit there is a
document only where every usage is a no.

## TDMRep

Final Community Group Report of 10 May 2024: \`tdm-reservation\`, as header fields and as the rule for \`/.well-known/tdmrep.json\`.
0 is a yes, 1 a no; there is no \`tdm-policy\`.

${coarse('TDMRep', TDMREP_TERMS)}

Lost: duties, purposes, releases, territories, fields.

## ODRL, and Croissant

ODRL 2.2: an offer with a permission for all that the engine permits, its duties with it, a prohibition for all that it denies
altogether, and nothing about what is not known. \`--as croissant\` puts the same offer into the \`usageInfo\` of a Croissant 1.1
dataset. Its \`license\` is the record's where that, alone, says what the offer says, and else the offer. Terms of our own are
in the profile \`${ODRL_PROFILE}\`, with the prefix \`fh:\`
(\`${ODRL_PREFIXES.fh}\`); they are included in \`odrl:use\`, and \`fh:train\` includes its kinds.

${pairs('use', ODRL_ACTIONS, Use.options)}

${pairs('duty', ODRL_DUTIES, Duty.options)}

${pairs('constraint', ODRL_LEFT_OPERANDS)}

${pairs('purpose', ODRL_PURPOSES)}

${pairs('model release', ODRL_RELEASES)}

Purposes and releases are compared by \`odrl:isA\` (research is noncommercial, an internal model's weights are closed), countries
(ISO 3166-1) and fields (words of the record) by \`odrl:isAnyOf\` and \`odrl:isNoneOf\`, and the date by \`odrl:lt\`: every rule
holds until the first time at which a rule or a record of the lineage begins or ends.
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(EXPORTS_PAGE, exportsPage());
