import type { DecisionQuestion } from '../../schemas/decision.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { digestOf } from '../../protocol/digest.ts';
import { Evidence } from '../../protocol/evidence.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { registry } from '../support/log.ts';
import { drafts, signed } from '../support/statements.ts';
import cases from './cases.json' with { type: 'json' };

/** A record as the table describes it, with what it is made of. */
export interface RecordCase {
  license: string;
  name?: string;
  rules?: RightsRule[];
  parts?: RecordCase[];
  sources?: RecordCase[];
  urls?: { url: string; license: string }[];
  grants?: { rules: RightsRule[]; revoked?: string; until?: string }[];
  revoked?: string;
  erased?: boolean;
}

export interface RightsCase {
  /** The reasoning. */
  why: string;
  record: RecordCase;
  /** LAB and OTHER stand for two licensees. */
  ask: DecisionQuestion;
  decision: string;
  duties?: string[];
  /** The name of the record that limits. */
  limitedBy?: string;
  /** A source known by its URL that limits. */
  unverified?: string;
  /** Words that the reasons hold. */
  says?: string;
}

export const CASES = cases as unknown as RightsCase[];

/** When the table's questions are asked, unless they say. */
export const JUNE = Date.parse('2026-06-01T00:00:00Z');

/** Makes the statements of a case, signed and logged, and what they prove. */
export async function worldOf({ record, ask }: Pick<RightsCase, 'record' | 'ask'>) {
  const world = await registry();
  const { log, alice, operator, bob: lab, carol: other } = world;
  const erased = new Set<StatementId>();
  const named = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value).replaceAll('"LAB"', `"${lab.did}"`).replaceAll('"OTHER"', `"${other.did}"`)) as T;
  const later: { statement: ParsedStatement; at: number }[] = [];
  let count = 0;
  const revoke = async (id: StatementId, at: string | number): Promise<void> => {
    later.push({ statement: await signed(drafts.revocation(id), alice), at: new Date(at).getTime() });
  };
  const make = async (of: RecordCase): Promise<StatementId> => {
    const parts: StatementId[] = [];
    for (const part of of.parts ?? []) parts.push(await make(part));
    const derivedFrom: { id: StatementId; relation: 'filtered' }[] = [];
    for (const source of of.sources ?? []) derivedFrom.push({ id: await make(source), relation: 'filtered' });
    const from = [...derivedFrom, ...(of.urls ?? []).map((each) => ({ ...each, relation: 'filtered' as const }))];
    const draft = drafts.record(alice.did, `record ${count++}`, {
      ...(of.name === undefined ? {} : { name: of.name }),
      ...(parts.length === 0 ? {} : { parts }),
      ...(from.length === 0 ? {} : { derivedFrom: from }),
      rights: {
        holder: alice.did,
        license: of.license,
        ...(of.rules === undefined ? {} : { rules: named(of.rules) }),
        ...(of.license.includes('LicenseRef-') ? { terms: { digest: digestOf('terms') } } : {}),
      },
    });
    const { id } = log.append(await signed(draft, alice));
    for (const { rules, revoked, until } of of.grants ?? []) {
      const grant = drafts.grant(lab.did, id, { rules: named(rules), reference: `contract ${count++}` });
      const logged = log.append(
        await signed({ ...grant, ...(until === undefined ? {} : { validUntil: until }) }, alice),
      );
      if (revoked !== undefined) await revoke(logged.id, revoked);
    }
    if (of.erased === true) {
      erased.add(id);
      await revoke(id, JUNE - 1000);
    } else if (of.revoked !== undefined) await revoke(id, of.revoked);
    return id;
  };
  const subject = await make(record);
  for (const { statement, at } of later.toSorted((a, b) => a.at - b.at)) log.append(statement, at);
  const statements = log.logged().map((logged) => (erased.has(logged.id) ? { ...logged, document: null } : logged));
  const evidence = new Evidence(operator.did, statements);
  return { evidence, request: { record: subject, ...named(ask) }, log };
}
