import * as z from 'zod';
import { limits } from '../../../schemas/limits.ts';
import { Did, StatementId, Timestamp } from '../../../schemas/primitives.ts';
import { RightsGrantSubject } from '../../../schemas/rights-grant.ts';
import { RightsRule } from '../../../schemas/rights-rule.ts';
import { readText } from '../bounded-file.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readFlag, readOptional } from '../flags.ts';
import { signAndSubmit } from '../submit.ts';
import { text } from '../terminal.ts';
import { readYaml } from '../yaml-file.ts';

export interface GrantOptions {
  licensee: string;
  rules?: string;
  use?: string[];
  prohibit?: boolean;
  purpose?: string;
  territory?: string[];
  exceptTerritory?: string[];
  field?: string[];
  exceptField?: string[];
  modelRelease?: string;
  from?: string;
  until?: string;
  afterEnd?: string;
  duty?: string[];
  exclusive?: boolean;
  reference?: string;
  validUntil?: string;
}

/** Options that make up a rule, by the rule's fields. */
const OPTION: Record<string, string> = {
  uses: '--use',
  modelRelease: '--model-release',
  territory: '--territory',
  field: '--field',
  period: '--from, --until',
  afterEnd: '--after-end',
  duties: '--duty',
};

/** Grants a licensee rights in a record. Each rule names the licensee, so that it also lifts what the licence prohibits. */
export async function grant(cli: Cli, id: string, options: GrantOptions): Promise<void> {
  const record = readFlag(StatementId, id, 'ID');
  const licensee = readFlag(Did, options.licensee, '--licensee');
  const reference = readOptional(RightsGrantSubject.shape.reference, options.reference, '--reference');
  const validUntil = readOptional(Timestamp, options.validUntil, '--valid-until');
  const given = options.rules === undefined ? [ruleOf(options)] : await readRules(options.rules, options);
  const rules = given.map((rule, i): RightsRule => {
    if (rule.licensee !== undefined && rule.licensee !== 'public' && !rule.licensee.includes(licensee)) {
      throw new CliError('usage', `rule ${i + 1} names other licensees than ${licensee}, so it would never apply`);
    }
    return { ...rule, licensee: [licensee] };
  });
  const subject = { id: licensee, record, rules, ...(reference === undefined ? {} : { reference }) };
  const draft = { kind: 'RightsGrant', subject, ...(validUntil === undefined ? {} : { validUntil }) } as const;
  await signAndSubmit(cli, draft, text`granted to ${licensee}: rights in ${record}`);
}

const Rules = z.array(RightsRule).min(1).max(64);

/** The rules in a file: a list, or `rules:` with one. A fault is named with its line. */
async function readRules(file: string, options: GrantOptions): Promise<RightsRule[]> {
  const extra = RULE_OPTIONS.find((name) => options[name] !== undefined);
  if (extra !== undefined) throw new CliError('usage', `--rules stands for all rules; leave --${kebab(extra)} out`);
  const source = await readText(file, limits.statementBytes);
  const isList = Array.isArray(readYaml(source, z.unknown(), file).value);
  return isList
    ? readYaml(source, Rules, file).value
    : readYaml(source, z.strictObject({ rules: Rules }), file).value.rules;
}

const RULE_OPTIONS = [
  'use',
  'prohibit',
  'purpose',
  'territory',
  'exceptTerritory',
  'field',
  'exceptField',
  'modelRelease',
  'from',
  'until',
  'afterEnd',
  'duty',
  'exclusive',
] as const;

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function ruleOf(options: GrantOptions): RightsRule {
  if (options.use === undefined) throw new CliError('usage', 'give --use, or --rules FILE');
  const extent = (include: string[] | undefined, exclude: string[] | undefined, name: string) => {
    if (include !== undefined && exclude !== undefined) {
      throw new CliError('usage', `--${name} and --except-${name} exclude each other`);
    }
    return include === undefined ? (exclude === undefined ? undefined : { exclude }) : { include };
  };
  const { from, until } = options;
  const fields = {
    effect: options.prohibit === true ? 'prohibit' : 'permit',
    uses: options.use,
    purpose: options.purpose,
    territory: extent(options.territory, options.exceptTerritory, 'territory'),
    field: extent(options.field, options.exceptField, 'field'),
    modelRelease: options.modelRelease,
    period: from === undefined && until === undefined ? undefined : defined({ from, until }),
    afterEnd: options.afterEnd,
    exclusive: options.exclusive,
    duties: options.duty,
  };
  const parsed = RightsRule.safeParse(defined(fields));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = String(issue?.path[0]);
  throw new CliError('usage', `${OPTION[field] ?? `--${field}`}: ${issue?.message}`);
}

const defined = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
