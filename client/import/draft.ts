import type * as z from 'zod';
import { DatasetRecordSubject } from '../../schemas/dataset-record.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import type { Json } from '../../protocol/json.ts';
import { finding, type Finding, type Outcome } from '../../protocol/rights/import/finding.ts';

const { shape } = DatasetRecordSubject;

/** What a record can take from metadata that somebody wrote elsewhere. Who made it, and how, is never among it. */
const FIELDS = {
  name: shape.name,
  description: shape.description.unwrap(),
  version: shape.version,
  taskType: shape.taskType,
  language: shape.language.unwrap(),
  domain: shape.domain.unwrap(),
  keywords: shape.keywords.unwrap(),
  license: shape.rights.shape.license,
  rules: shape.rights.shape.rules.unwrap(),
};
type Fields = typeof FIELDS;
export type Draft = { [Field in keyof Fields]?: z.output<Fields[Field]> };

/** Findings that are kept: a document may have any number of fields, and what is ignored must not crowd out the rest. */
const FINDINGS = 1000;
const IGNORED = 200;

/** A draft as it is filled: nothing enters it that the record's schema would refuse. */
export class Drafting {
  readonly draft: Draft = {};
  readonly findings: Finding[] = [];
  readonly #given: ReadonlySet<string>;
  #ignored = 0;
  #dropped = 0;

  /** `given` are the fields that somebody has filled already. */
  constructor(given: ReadonlySet<string> = new Set()) {
    this.#given = given;
  }

  note(path: string, value: Json, outcome: Outcome, reason: string): void {
    const isKept = outcome === 'ignored' ? ++this.#ignored <= IGNORED : this.findings.length < FINDINGS;
    if (isKept) this.findings.push(finding(path, value, outcome, reason));
    else this.#dropped++;
  }

  /** Takes a value where the schema does, and says why where it does not. */
  take(field: keyof Fields, value: unknown, said: { path: string; value: Json }, as = `as ${field}`): void {
    const parsed = FIELDS[field].safeParse(value);
    if (!parsed.success) {
      this.note(said.path, said.value, 'unusable', parsed.error.issues[0]?.message ?? 'is invalid');
    } else if (this.#given.has(field)) {
      this.note(said.path, said.value, 'ignored', `an option comes before it; it would be taken ${as}`);
    } else {
      Object.assign(this.draft, { [field]: parsed.data });
      this.note(said.path, said.value, 'taken', as);
    }
  }

  /** Takes what a list says, item by item: one that the schema refuses does not spoil the others. */
  takeItem(field: 'language' | 'domain' | 'keywords', value: string, said: { path: string; value: Json }): void {
    const list: readonly string[] = this.draft[field] ?? [];
    if (list.includes(value)) this.note(said.path, said.value, 'ignored', 'is there already');
    else this.take(field, [...list, value], said);
  }

  /** Takes rules with what was found of them: all, or none where they are more than a record has. */
  takeRules(rules: readonly RightsRule[], findings: readonly Finding[]): void {
    const parsed = FIELDS.rules.safeParse(rules);
    if (parsed.success && rules.length > 0) this.draft.rules = parsed.data;
    for (const { path, value, outcome, reason } of findings) {
      if (outcome !== 'taken' || parsed.success) this.note(path, value, outcome, reason);
      else this.note(path, value, 'unusable', `${reason}; but of ${rules.length} rules, a record takes none`);
    }
  }

  /** The end: says what was left out of the list. */
  done(): this {
    if (this.#dropped > 0) {
      this.findings.push(finding('', this.#dropped, 'ignored', `${this.#dropped} further findings are not listed`));
      this.#dropped = 0;
    }
    return this;
  }
}
