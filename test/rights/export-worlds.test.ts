import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DECISIONS, type DecisionQuestion } from '../../schemas/decision.ts';
import type { ExportFormat } from '../../schemas/rights-export.ts';
import type { RightsRule, Use } from '../../schemas/rights-rule.ts';
import { readCroissant } from '../../client/import/croissant.ts';
import type { Json } from '../../protocol/json.ts';
import { ok, type Result } from '../../protocol/result.ts';
import { readAipref } from '../../protocol/rights/import/aipref.ts';
import { readCawg } from '../../protocol/rights/import/cawg.ts';
import { leaves } from '../../protocol/rights/export/coarse.ts';
import { writeExport } from '../../protocol/rights/export/export.ts';
import { dimensionsOf } from '../../protocol/rights/export/facets.ts';
import { ODRL_ACTIONS, ODRL_DUTIES, ODRL_PURPOSES, ODRL_RELEASES } from '../../protocol/rights/export/odrl-terms.ts';
import { askAll, surveyOf, type Survey } from '../../protocol/rights/export/survey.ts';
import { AIPREF_TERMS, CAWG_TERMS, RSL_TERMS, TDMREP_TERMS } from '../../protocol/rights/export/terms.ts';
import { dutiesIn, LEAF_USES, purposesOf, releasesOf } from '../../protocol/rights/vocabulary.ts';
import { JUNE, worldOf } from './case-world.ts';
import type { World } from './naive.ts';
import { readContentUsage, readOffer, readRsl, type OdrlList, type OdrlRule, type RslLicence } from './read-exports.ts';
import { judge, STRANGER, world } from './worlds.ts';

// Random worlds know five uses; here two of them stand for whole groups, so that coarse words find something to say.
const GROUPS: Partial<Record<Use, Use[]>> = {
  derive: ['distil', 'embed', 'analyse'],
  evaluate: ['ground', 'evaluate', 'synthesise', 'search'],
};
const worlds = world.map((of): World => {
  const regrouped = <R extends { uses: Use[] }>(rules: R[]): R[] =>
    rules.map((rule) => ({ ...rule, uses: rule.uses.flatMap((use) => GROUPS[use] ?? [use]) }));
  return {
    rules: regrouped(of.rules),
    grants: [],
    licences: of.licences.map((terms) => terms.map((rules) => regrouped(rules))),
  };
});

/** A question about one use in one country: what a reader of an export may want to know. */
const questions = fc.record({
  use: fc.constantFrom(...LEAF_USES),
  purpose: fc.constantFrom('any', 'commercial', 'noncommercial', 'research'),
  modelRelease: fc.constantFrom('any', 'open-weights', 'closed-weights', 'internal'),
  country: fc.constantFrom(undefined, 'US', 'DE', 'FR', 'JP'),
  field: fc.constantFrom(undefined, 'healthcare', 'military', 'farming'),
});
interface Question {
  use: Use;
  purpose: 'any' | 'commercial' | 'noncommercial' | 'research';
  modelRelease: 'any' | 'open-weights' | 'closed-weights' | 'internal';
  country: string | undefined;
  field: string | undefined;
}

const askOf = ({ country, field, ...ask }: Question): DecisionQuestion => ({
  ...ask,
  ...(country === undefined ? {} : { territory: [country] }),
  ...(field === undefined ? {} : { field }),
});

const real = await worldOf({ record: { license: 'CC0-1.0' }, ask: { use: 'train' } });

/** A survey of a random world: what `surveyOf` makes of evidence, from the same parts. */
function surveyed(of: World): Survey {
  const base = surveyOf(real.evidence, real.request.record, JUNE);
  const dimensions = dimensionsOf([...of.rules, ...of.licences.flat(2)]);
  const answers = askAll(dimensions, (question) => {
    const { outcome, duties } = judge(of, question);
    return { decision: outcome, duties: dutiesIn(duties), limitedBy: null };
  });
  return { ...base, facets: { ...base.facets, ...dimensions }, answers };
}

/** Worlds in which one rule says the same of everything, so that every format has a word for it. */
const plain = (['permit', 'prohibit'] as const).map((effect): World => {
  const everything: RightsRule = { effect, uses: [...LEAF_USES] };
  return { rules: [everything], grants: [], licences: [[[everything]]] };
});

const exported = (format: ExportFormat, survey: Survey) => writeExport(format, survey).document;

const isPermitted = (of: World, question: Question, duties: readonly string[] = []): void => {
  const verdict = judge(of, askOf(question));
  expect(DECISIONS.indexOf(verdict.outcome)).toBeGreaterThanOrEqual(2);
  // Of ways to be permitted the engine takes the one with the fewest duties: those that were said are at least as many.
  expect(dutiesIn(verdict.duties).length).toBeLessThanOrEqual(duties.length);
};

const listHolds = (list: OdrlList | undefined, member: string | undefined): boolean =>
  list === undefined || (member !== undefined && list.values.includes(member) === (list.operator === 'odrl:isAnyOf'));

/** Whether a rule of an offer is about all of a question, by what the profile says of its terms. */
function holdsAll(rule: OdrlRule, { use, purpose, modelRelease, country, field }: Question): boolean {
  const actions = leaves(
    (Object.keys(ODRL_ACTIONS) as Use[]).filter((each) => rule.actions.includes(ODRL_ACTIONS[each])),
  );
  const [inPurpose] = Object.entries(ODRL_PURPOSES).find(([, iri]) => iri === rule.purpose) ?? ['any'];
  const [inRelease] = Object.entries(ODRL_RELEASES).find(([, iri]) => iri === rule.release) ?? ['any'];
  return (
    actions.includes(use) &&
    (purposesOf[purpose] & ~purposesOf[inPurpose as Question['purpose']]) === 0 &&
    (releasesOf[modelRelease] & ~releasesOf[inRelease as Question['modelRelease']]) === 0 &&
    listHolds(rule.countries, country) &&
    listHolds(rule.fields, field)
  );
}

const offerIn = (survey: Survey): OdrlRule[] => {
  const document = exported('odrl', survey);
  return document === null ? [] : readOffer(document as Record<string, unknown>);
};

/** What an offer permits the engine permits, with the duties said; what it prohibits the engine denies, to strangers too. */
function checkOffer(of: World, rules: readonly OdrlRule[], question: Question): void {
  for (const rule of rules.filter((each) => holdsAll(each, question))) {
    if (rule.effect === 'permit') isPermitted(of, question, rule.duties);
    else {
      expect(judge(of, askOf(question)).outcome).toBe('deny');
      expect(judge(of, { ...askOf(question), licensee: STRANGER }).outcome).toBe('deny');
    }
  }
}

/** An offer leaves out nothing that the engine permits where it is asked finely, and asks for no more. */
function checkWhole(of: World, rules: readonly OdrlRule[], question: Question): void {
  const fine = { ...question, country: question.country ?? 'US', field: question.field ?? 'farming' };
  const { outcome, duties } = judge(of, askOf(fine));
  const permits = rules.filter((rule) => rule.effect === 'permit' && holdsAll(rule, fine));
  if (outcome !== 'allow' && outcome !== 'conditional') return expect(permits).toEqual([]);
  const asked = new Set(dutiesIn(duties).map((duty) => ODRL_DUTIES[duty]));
  expect(permits.some((rule) => rule.duties.every((duty) => asked.has(duty)))).toBe(true);
}

/** The words of AIPREF, CAWG and TDMRep. */
function wordsOf(survey: Survey): Record<string, string> {
  const aipref = exported('aipref', survey);
  const cawg = exported('cawg', survey) as { data: { entries: Record<string, { use: string }> } } | null;
  const tdmrep = exported('tdmrep', survey) as { headers: Record<string, string> } | null;
  const entries = Object.entries(cawg?.data.entries ?? {}).map(([term, { use }]) => [term, use]);
  return {
    ...(aipref === null ? {} : readContentUsage(aipref as string)),
    ...(Object.fromEntries(entries) as Record<string, string>),
    ...tdmrep?.headers,
  };
}

const YES = new Set(['y', 'allowed', '0']);
const NO = new Set(['n', 'notAllowed', '1']);
const DUTIES = ['attribute', 'report', 'pay'];

/** A coarse yes is permitted without conditions, whatever is asked; a coarse no is denied to whoever asks widest. */
function checkWords(of: World, words: Record<string, string>, asked: readonly Question[]): void {
  for (const { term, uses, besides } of [...AIPREF_TERMS, ...CAWG_TERMS, ...TDMREP_TERMS]) {
    const word = words[term] ?? '';
    const covered = leaves([...uses, ...besides]);
    for (const question of asked.filter(({ use }) => covered.includes(use))) {
      if (YES.has(word)) isPermitted(of, question);
      if (word === 'constrained') isPermitted(of, question, DUTIES);
    }
    if (NO.has(word)) expect(leaves(uses).map((use) => judge(of, { use }).outcome)).toContain('deny');
  }
}

/** What RSL licenses is permitted there, with credit where it asks for it; what it prohibits is denied. */
function checkRsl(of: World, licences: readonly RslLicence[], asked: readonly Question[]): void {
  for (const { permits, geo, prohibits, payment } of licences) {
    // A licence that permits no usage by name is for all that it does not prohibit.
    expect(permits.length > 0 || prohibits.includes('all')).toBe(true);
    for (const { term, uses } of RSL_TERMS) {
      const isHere = ({ use, country }: Question): boolean =>
        leaves(uses).includes(use) && (geo.length === 0 || (country !== undefined && geo.includes(country)));
      if (permits.includes(term)) {
        for (const question of asked.filter(isHere)) isPermitted(of, question, payment === 'free' ? [] : ['attribute']);
      }
      if (prohibits.includes(term) || prohibits.includes('all')) {
        expect(leaves(uses).map((use) => judge(of, { use }).outcome)).toContain('deny');
      }
    }
  }
}

test('an export permits nothing that the engine does not permit, and prohibits nothing that it does not deny', () => {
  const said = new Set<string>();
  fc.assert(
    fc.property(worlds, fc.array(questions, { minLength: 30, maxLength: 30 }), (of, asked) => {
      const survey = surveyed(of);
      const rules = offerIn(survey);
      for (const question of asked) {
        checkOffer(of, rules, question);
        checkWhole(of, rules, question);
      }
      const words = wordsOf(survey);
      for (const word of Object.values(words)) said.add(word);
      checkWords(of, words, asked);
      const rsl = exported('rsl', survey);
      if (rsl !== null) checkRsl(of, readRsl(rsl as string), asked);
    }),
    { numRuns: 40, examples: plain.map((of) => [of, fc.sample(questions, 30)]) },
  );
  // It says something at all.
  expect([...said].toSorted()).toEqual(expect.arrayContaining(['allowed', 'n', 'notAllowed', 'y']));
});

/** The rules that our own imports read out of what was exported. */
function readBack(survey: Survey): { croissant: World; words: World[] } {
  const read = (imported: Result<{ rules: RightsRule[] }, string>): World => {
    if (!imported.ok) throw new Error(imported.reason);
    return { rules: imported.value.rules, grants: [], licences: [[[]]] };
  };
  const [croissant, aipref, cawg] = (['croissant', 'aipref', 'cawg'] as const).map((each) => exported(each, survey));
  const offered = croissant === null ? null : readCroissant(croissant as Json);
  if (offered?.ok === false) throw new Error(offered.reason);
  return {
    croissant: read(ok({ rules: offered?.value.draft.rules ?? [] })),
    words: [
      ...(aipref === null ? [] : [read(readAipref(aipref as string))]),
      ...(cawg === null ? [] : [read(readCawg(cawg as Json))]),
    ],
  };
}

test('what was exported and is read in again permits no more; of an offer, just the same', () => {
  fc.assert(
    fc.property(worlds, fc.array(questions, { minLength: 20, maxLength: 20 }), ({ licences, ...rest }, asked) => {
      // Of several licences one is chosen for all of a request; an offer cannot say that what it permits, it permits apart.
      const of = { ...rest, licences: licences.slice(0, 1) };
      const { croissant, words } = readBack(surveyed(of));
      for (const question of asked) {
        for (const again of [croissant, ...words]) {
          const { outcome, duties } = judge(again, askOf(question));
          if (outcome === 'allow' || outcome === 'conditional') isPermitted(of, question, dutiesIn(duties));
        }
        const fine = askOf({ ...question, country: question.country ?? 'US', field: question.field ?? 'farming' });
        // What is denied to some only is not said to be denied to all, but permits nothing either.
        const [before, after] = [judge(of, fine), judge(croissant, fine)];
        const isRefused = before.outcome === 'deny' || before.outcome === 'unknown';
        if (isRefused) expect(['deny', 'unknown']).toContain(after.outcome);
        else expect([after.outcome, after.duties]).toEqual([before.outcome, before.duties]);
      }
    }),
    { numRuns: 30 },
  );
});
