// `npm run licences` writes docs/licences.md from the table that decisions are made by.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LICENCES, type Licence, type LicenceRule } from '../../protocol/rights/licences.ts';

export const LICENCES_PAGE = fileURLToPath(new URL('../../docs/licences.md', import.meta.url));

const scopeOf = ({ uses, purpose, modelRelease }: LicenceRule): string =>
  [
    uses.join(', '),
    ...(purpose === undefined ? [] : [purpose]),
    ...(modelRelease === undefined ? [] : [modelRelease]),
  ].join('; ');

const sectionOf = ({ id, name, rules }: Licence): string =>
  [
    `## ${id}`,
    '',
    name,
    '',
    '| | uses; purpose; release | duties | clause |',
    '| --- | --- | --- | --- |',
    ...rules.map(
      (rule) =>
        `| ${rule.effect} | ${scopeOf(rule)} | ${(rule.duties ?? []).join(', ')} | ${rule.clause}: ${rule.says} |`,
    ),
  ].join('\n');

/** The page, licences of one text together. */
export function licencesPage(): string {
  const sections: string[] = [];
  for (const licence of LICENCES) {
    const twin = LICENCES.find(({ rules }) => rules === licence.rules) as Licence;
    sections.push(twin === licence ? sectionOf(licence) : `## ${licence.id}\n\nAs ${twin.id}.`);
  }
  return `# What known licences imply

Made from \`protocol/rights/licences.ts\` by \`npm run licences\`. How the table reads licences that were not written for models:
[decision 0025](decisions/0025-how-licences-are-read.md). A licence that is not listed here implies nothing. This is a
reading, not legal advice.

A parent use (\`train\`) covers its children. What no row covers is \`unknown\`.

${sections.join('\n\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(LICENCES_PAGE, licencesPage());
