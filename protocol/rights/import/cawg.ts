import type { Json, JsonObject } from '../../json.ts';
import { ok, refuse, type Result } from '../../result.ts';
import { permit, prohibit, type ImportedRules } from './aipref.ts';
import { CAWG_TERMS } from './coarse-terms.ts';
import { finding, quoted, type Finding } from './finding.ts';

/** Bytes of an assertion's JSON, and its entries. */
export const CAWG_BYTES = 64 * 1024;
const ENTRIES = 64;

/** The label of C2PA 1.x, whose entries begin alike, and mean the same. */
const LABELS: ReadonlySet<Json> = new Set(['cawg.training-mining', 'c2pa.training-mining']);

/**
 * Reads a CAWG training and data mining assertion 1.1 as JSON: `{ entries: { LABEL: { use, constraint_info? } } }`, alone or
 * as an assertion `{ label, data }` of a manifest. The reason says why it is none.
 */
export function readCawg(value: Json): Result<ImportedRules, string> {
  const assertion = isObject(value) && isObject(value['data']) ? value['data'] : value;
  if (isObject(value) && value['label'] !== undefined && !LABELS.has(value['label'])) {
    return refuse(`has the label ${quoted(value['label'])}, and not cawg.training-mining`);
  }
  const entries = isObject(assertion) ? assertion['entries'] : undefined;
  if (!isObject(entries)) return refuse('is no training and data mining assertion: it has no entries');
  const labels = Object.keys(entries);
  if (labels.length > ENTRIES) return refuse(`has more than ${ENTRIES} entries`);
  const imported: ImportedRules = { rules: [], findings: [] };
  for (const label of labels) {
    const entry = entries[label] as Json;
    const { rule, outcome, reason } = readEntry(label, entry);
    if (rule !== undefined) imported.rules.push(rule);
    imported.findings.push(finding(`entries/${label}`, entry, outcome, reason));
  }
  return ok(imported);
}

type Read = Pick<Finding, 'outcome' | 'reason'> & { rule?: ImportedRules['rules'][number] };

function readEntry(label: string, entry: Json): Read {
  const known = label.replace(/^c2pa\./, 'cawg.');
  const term = Object.hasOwn(CAWG_TERMS, known) ? CAWG_TERMS[known] : undefined;
  if (term === undefined)
    return {
      outcome: 'ambiguous',
      reason: `is no entry that the assertion defines (those are ${Object.keys(CAWG_TERMS).join(', ')})`,
    };
  const use = isObject(entry) ? entry['use'] : undefined;
  const constraint = isObject(entry) ? (entry['constraint_info'] ?? entry['constraints_info']) : undefined;
  if (use === 'notAllowed') return { outcome: 'taken', ...prohibit(term.perhaps) };
  if (use === 'constrained') {
    const told = constraint === undefined ? 'and not how' : `by ${quoted(constraint)}`;
    return { outcome: 'ambiguous', reason: `is constrained, ${told}: nothing is permitted; say it in rights.rules` };
  }
  if (use !== 'allowed') return { outcome: 'unusable', reason: 'is none of allowed, notAllowed and constrained' };
  if (constraint !== undefined)
    return {
      outcome: 'ambiguous',
      reason: `is allowed, but constrained by ${quoted(constraint)}: nothing is permitted`,
    };
  return { outcome: 'taken', ...permit(term.surely) };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
