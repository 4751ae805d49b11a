import type { StatementId } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { isKind } from '../../schemas/statement.ts';
import { conflictsAmong, type Licensed } from '../../protocol/rights/compatibility.ts';
import { licenceOf } from '../../protocol/rights/licence-terms.ts';
import { readExpression, replacementOf } from '../../protocol/rights/spdx.ts';
import { spansOf } from '../../protocol/rights/spans.ts';
import { parseStatement } from '../../protocol/statement.ts';
import type { RegistryClient } from '../registry-client.ts';
import type { Cli } from './context.ts';
import type { Metadata } from './metadata.ts';
import { text } from './terminal.ts';

/** Why an expression will not do, in words that say what was probably meant; null if it will. */
export function licenceFault(expression: string): string | null {
  const read = readExpression(expression);
  if (read.ok) return null;
  const { detail, suggestion } = read.reason;
  const instead =
    suggestion === null ? 'for terms of your own, LicenseRef-NAME with their digest' : `is ${suggestion} meant?`;
  return `${expression} ${detail}; ${instead}`;
}

/** Remarks on an expression that will do: what SPDX would rather see, and what implies nothing here. */
export function noteLicence(cli: Cli, expression: string): void {
  const read = readExpression(expression);
  if (!read.ok) return;
  for (const term of read.value.flat()) {
    const better = replacementOf(term);
    if (better !== null) cli.out.note(text`note: SPDX replaced ${term.id}${term.plus ? '+' : ''} by ${better}`);
    else if (licenceOf(term) === null) {
      cli.out.note(
        text`note: what ${term.id} permits is not in the licence table; say it in rules, or every use is unknown`,
      );
    }
  }
}

/** Remarks that what the rules permit takes more to tell than the registry's index holds. */
export function noteRules(cli: Cli, license: string, rules: readonly RightsRule[]): void {
  if (spansOf(license, rules) !== null) return;
  cli.out.note(
    text`note: these rules tell more times or countries apart than search by use does, so it will not list this record; decisions about it are made all the same`,
  );
}

/** Registered parts that are asked for at once. */
const AT_ONCE = 8;

/** Warns where the licences of what a dataset is made of do not go together, with both clauses. */
export async function warnOfConflicts(cli: Cli, client: RegistryClient, metadata: Metadata): Promise<void> {
  const { parts = [], derivedFrom = [], rights } = metadata;
  const ids = [...parts, ...derivedFrom.flatMap((source) => ('id' in source ? [source.id] : []))];
  if (ids.length === 0 && derivedFrom.length === 0) return;
  const licensed: Licensed[] = [{ what: 'this record', license: rights.license }];
  for (const source of derivedFrom) if ('url' in source) licensed.push({ what: source.url, license: source.license });
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    licensed.push(...(await Promise.all(ids.slice(i, i + AT_ONCE).map((id) => licensedRecord(client, id)))));
  }
  for (const { alike, limited } of conflictsAmong(licensed)) {
    cli.out.note(
      text`warning: ${alike.what} (${alike.license}, share-alike: ${alike.clause}) and ${limited.what} (${limited.license}, ${limited.limit}: ${limited.clause}) do not go together: what is made of both cannot be shared under either licence`,
    );
  }
}

async function licensedRecord(client: RegistryClient, id: StatementId): Promise<Licensed> {
  const parsed = parseStatement(await client.statement(id));
  // What is no record is refused by the registry, which says so better.
  if (!parsed.ok || !isKind(parsed.value.document, 'DatasetRecord')) return { what: id, license: '' };
  const { name, rights } = parsed.value.document.credentialSubject;
  return { what: `${JSON.stringify(name)}, ${id}`, license: rights.license };
}
