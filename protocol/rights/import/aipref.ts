import { parseDictionary, ParseError, Token, type Dictionary } from 'structured-headers';
import type { RightsRule } from '../../../schemas/rights-rule.ts';
import { ok, refuse, type Result } from '../../result.ts';
import { ruleInWords } from '../words.ts';
import { AIPREF_TERMS } from './coarse-terms.ts';
import { finding, type Finding } from './finding.ts';

/** What was read of a document of rights: rules that it surely states, and what became of each part of it. */
export interface ImportedRules {
  rules: RightsRule[];
  findings: Finding[];
}

/** Characters of a statement of preference: labels are three so far. */
export const AIPREF_LENGTH = 4096;

/**
 * Reads a statement of preference, as a `Content-Usage` field has it: an RFC 9651 dictionary of labels with `y` or `n`
 * (draft-ietf-aipref-vocab-08 §6). The reason says why it cannot be parsed.
 */
export function readAipref(text: string): Result<ImportedRules, string> {
  if (text.length > AIPREF_LENGTH) return refuse(`is longer than ${AIPREF_LENGTH} characters`);
  const parsed = parse(text.trim());
  if (!parsed.ok) return parsed;
  const imported: ImportedRules = { rules: [], findings: [] };
  for (const [label, [value, parameters]] of parsed.value) {
    const said = value instanceof Token ? value.toString() : null;
    const { rule, ...found } = readPreference(label, said, parameters.size > 0);
    if (rule !== undefined) imported.rules.push(rule);
    imported.findings.push(finding(label, said, found.outcome, found.reason));
  }
  return ok(imported);
}

/** Attacker-controlled: whatever the parser throws is a refusal. */
function parse(text: string): Result<Dictionary, string> {
  try {
    return ok(parseDictionary(text));
  } catch (error) {
    return refuse(
      `is no structured field dictionary, as “train-ai=n, search=y” (${error instanceof ParseError ? error.message : 'unreadable'})`,
    );
  }
}

type Read = Pick<Finding, 'outcome' | 'reason'> & { rule?: RightsRule };

function readPreference(label: string, said: string | null, hasParameters: boolean): Read {
  const term = Object.hasOwn(AIPREF_TERMS, label) ? AIPREF_TERMS[label] : undefined;
  if (term === undefined) {
    return {
      outcome: 'ambiguous',
      reason: `is no label of draft-ietf-aipref-vocab-08 (those are ${Object.keys(AIPREF_TERMS).join(', ')})`,
    };
  }
  if (said === 'n') return { outcome: 'taken', ...prohibit(term.perhaps) };
  if (said !== 'y') return { outcome: 'ambiguous', reason: 'is neither y nor n, which the draft reads as unknown' };
  // A later draft may narrow a preference by one.
  if (hasParameters)
    return { outcome: 'ambiguous', reason: 'is y with a parameter, which may narrow it: nothing is permitted' };
  return { outcome: 'taken', ...(label === 'search' ? searchPermit() : permit(term.surely)) };
}

/** Search is with a link to the original (§4.3), which is credit at the least. */
const searchPermit = (): Pick<Read, 'rule' | 'reason'> => ({
  rule: { effect: 'permit', uses: ['search'], duties: ['attribute'] },
  reason: 'permits search with attribution: the draft asks for a link to the original',
});

/** A yes, with what it permits in words. */
export function permit(uses: RightsRule['uses']): { rule: RightsRule; reason: string } {
  const rule: RightsRule = { effect: 'permit', uses: [...uses] };
  return { rule, reason: `${ruleInWords(rule)}: what it surely covers` };
}

/** A no, with what it prohibits in words. */
export function prohibit(uses: RightsRule['uses']): { rule: RightsRule; reason: string } {
  const rule: RightsRule = { effect: 'prohibit', uses: [...uses] };
  return { rule, reason: `${ruleInWords(rule)}: all that it may cover` };
}
