import {
  LISTED_REASONS,
  DECISIONS,
  type Decision,
  type DecisionOutcome,
  type DecisionReason,
  type DecisionRequest,
} from '../../schemas/decision.ts';
import { limits } from '../../schemas/limits.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Statement } from '../../schemas/statement.ts';
import { has, type Evidence, type Present } from '../evidence.ts';
import { lineageOf } from '../lineage.ts';
import { standingAt } from '../standing.ts';
import { logTimeOf } from '../time.ts';
import { clauseOf, concerns, holds, type Clause, type Region } from './clause.ts';
import { evaluate, type Rights, type Verdict, type Work } from './evaluate.ts';
import { alternativesOf } from './licence-terms.ts';
import { dutiesIn, leavesOf, purposesOf, releasesOf, sizeOf } from './vocabulary.ts';
import { AFTER_END, clauseInWords, gapInWords } from './words.ts';

type Reason = Omit<DecisionReason, 'record' | 'name' | 'url' | 'verified'>;

/** What rights say to a request. */
interface Word {
  outcome: DecisionOutcome;
  duties: number;
  /** The deciding ones first. Sentences are made for those that are listed. */
  reasons: () => readonly Reason[];
}

/** What one record, or one source known only by its URL, answers. */
interface Answer extends Word {
  of: Pick<DecisionReason, 'record' | 'name' | 'url' | 'verified'>;
}

/** A request, as sets, with what was found to be said to it: most records of a lineage share a few licences and rules. */
interface Asked {
  request: DecisionRequest;
  region: Region;
  work: Work;
  said: Map<string, Word>;
}

type Terms = Pick<Statement<'DatasetRecord'>['credentialSubject']['rights'], 'license' | 'rules'>;

/** What a record, or a source, takes besides its clauses: its standing, or reading its licence, mostly. */
const RECORD_WORK = 32;

/** What a record takes of {@link Work} besides its clauses. */
export const workFor = ({ document }: Present<'DatasetRecord'>): number =>
  RECORD_WORK * (1 + (document.credentialSubject.derivedFrom ?? []).length);

/**
 * A decision, and what the records and sources of the lineage answer each by itself, worst first: one at least, as what
 * is missing answers, too.
 */
interface Weighed {
  decision: Decision;
  answers: readonly { record: StatementId; outcome: DecisionOutcome; reason(): string | undefined }[];
}

/**
 * Whether a request is permitted at a time (rights.md): the worst answer over the record, its parts and its ancestors,
 * with all their duties, and the rule that limits it. Reads nothing but its arguments; `evidence` must hold what a
 * certificate of the record holds. Total: whatever it holds, there is a decision; what is more than `work`, which several
 * decisions may share, is denied.
 */
export const decide = (...asked: Parameters<typeof weighLineage>): Decision => weighLineage(...asked).decision;

/** As {@link decide}, with what each record of the lineage has to do with it. */
export function weighLineage(
  evidence: Evidence,
  request: DecisionRequest,
  at: number,
  work: Work = { left: limits.decisionWork },
): Weighed {
  const region = regionOf(request, at);
  const asked: Asked = { request, region, work, said: new Map() };
  const answers: Answer[] = [];
  const { records, faults } = lineageOf(evidence, request.record);
  for (const record of records) {
    const { name, derivedFrom: sources = [] } = record.document.credentialSubject;
    const of = { record: record.id, name };
    work.left -= workFor(record);
    answers.push({ of, ...wordOf(evidence, record, asked) });
    for (const source of sources) {
      // Nothing is known of it but what the record declares.
      if ('url' in source) {
        answers.push({
          of: { ...of, url: source.url, verified: false },
          ...publicWord({ license: source.license }, asked),
        });
      }
    }
    if (work.left < 0) {
      answers.push({ of, ...tooMuch('the lineage and its rules are more than can be weighed in one go') });
      break;
    }
  }
  for (const { statement, detail } of faults) answers.push(faultAnswer(evidence, statement, detail, at));
  const rank = (outcome: DecisionOutcome): number => DECISIONS.indexOf(outcome);
  // What asks for most limits most.
  const ordered = answers.toSorted((a, b) => rank(a.outcome) - rank(b.outcome) || sizeOf(b.duties) - sizeOf(a.duties));
  return {
    decision: summarize(request, ordered, at),
    answers: ordered.map(({ of, outcome, reasons }) => ({
      record: of.record,
      outcome,
      reason: () => reasons()[0]?.reason,
    })),
  };
}

/** What a request is about: what it leaves out is read at its worst. */
export const regionOf = (request: DecisionRequest, at: number): Region => ({
  uses: leavesOf[request.use],
  purposes: purposesOf[request.purpose ?? 'any'],
  releases: releasesOf[request.modelRelease ?? 'any'],
  territory: request.territory ?? null,
  field: request.field ?? null,
  licensee: request.licensee ?? null,
  at,
});

/** The decision that follows from all answers, worst first. */
function summarize({ record, use }: DecisionRequest, ordered: readonly Answer[], at: number): Decision {
  // No record at all is no answer at all.
  const decision = ordered[0]?.outcome ?? 'unknown';
  // Once something denies, what others would permit is beside the point.
  const isRefused = decision === 'deny' || decision === 'unknown';
  const deciding = isRefused ? ordered.filter((each) => each.outcome === decision) : ordered;
  const because: DecisionReason[] = [];
  let heard = 0;
  for (const { of, reasons } of deciding) {
    if (because.length >= LISTED_REASONS) break;
    because.push(...reasons().map((reason) => ({ ...of, ...reason })));
    heard++;
  }
  const listed = because.slice(0, LISTED_REASONS);
  const duties = decision === 'conditional' ? ordered.reduce((set, each) => set | each.duties, 0) : 0;
  return {
    record,
    use,
    decision,
    duties: dutiesIn(duties),
    because: listed,
    unlisted: deciding.length - heard,
    limitedBy: decision === 'allow' ? null : (listed[0] ?? null),
    at: logTimeOf(at),
  };
}

function wordOf(evidence: Evidence, record: Present<'DatasetRecord'>, asked: Asked): Word {
  const { region } = asked;
  const { rights } = record.document.credentialSubject;
  const standing = standingAt(evidence, record, region.at);
  if (standing.state !== 'active') {
    const because = standing.because === null ? {} : { statement: standing.because };
    const reason = `the record is ${standing.state}: ${standing.reason}`;
    return denied({ source: 'standing', effect: 'prohibit', reason, ...because });
  }
  const { clauses: granted, ended } = grantsOf(evidence, record.id, region);
  const count = (rights.rules?.length ?? 0) + granted.length;
  if (count > limits.rightsRules) {
    return tooMuch(`more than ${limits.rightsRules} rules speak for this record: too many to be weighed`);
  }
  const word =
    granted.length === 0
      ? publicWord(rights, asked)
      : weigh(rights.license, [...own(rights).clauses, ...granted], asked);
  // What has ended matters only where it is missed.
  const isMissed = word.outcome === 'deny' || word.outcome === 'unknown';
  return isMissed && ended.length > 0 ? { ...word, reasons: () => [...word.reasons(), ...ended] } : word;
}

const denied = (reason: Reason): Word => ({ outcome: 'deny', duties: 0, reasons: () => [reason] });

const tooMuch = (reason: string): Word => denied({ source: 'rule', effect: 'none', reason });

/** A record's rules in the form in which they are compared, and what tells its terms from others'. */
const ownOf = new WeakMap<Terms, { clauses: readonly Clause[]; key: string }>();

/** Made once, as they are asked about again and again: a record's rules may take 60 KB. */
function own(terms: Terms): { clauses: readonly Clause[]; key: string } {
  let made = ownOf.get(terms);
  if (made === undefined) {
    const { license, rules = [] } = terms;
    const clauses = rules.map((rule, i) => clauseOf(rule, { source: 'rule', rule: i + 1 }));
    ownOf.set(terms, (made = { clauses, key: JSON.stringify([license, rules]) }));
  }
  return made;
}

/** What a licence and a record's rules say where no grant stands beside them: once for all records that say the same. */
function publicWord(terms: Terms, asked: Asked): Word {
  const { clauses, key } = own(terms);
  let word = asked.said.get(key);
  if (word === undefined) asked.said.set(key, (word = weigh(terms.license, clauses, asked)));
  return word;
}

function weigh(license: string, clauses: readonly Clause[], { request, region, work }: Asked): Word {
  const rights = { license, clauses, alternatives: alternativesOf(license) };
  const verdict = evaluate(rights, region, work);
  const { outcome, duties } = verdict;
  return { outcome, duties, reasons: () => reasonsOf(verdict, rights, request, region) };
}

/** The rules that the record's holder granted this licensee, by standing at the time; and of grants that ended, that they did. */
function grantsOf(evidence: Evidence, record: StatementId, region: Region): { clauses: Clause[]; ended: Reason[] } {
  const clauses: Clause[] = [];
  const ended: Reason[] = [];
  for (const grant of region.licensee === null ? [] : evidence.grantsOf(record)) {
    const { id: licensee, rules } = grant.document.credentialSubject;
    if (licensee !== region.licensee) continue;
    const standing = standingAt(evidence, grant, region.at);
    if (standing.state === 'active') {
      clauses.push(...rules.map((rule, i) => clauseOf(rule, { source: 'grant', rule: i + 1, statement: grant.id })));
    } else if (standing.state !== 'pending') {
      const after = rules.find(({ afterEnd }) => afterEnd !== undefined)?.afterEnd;
      const reason = `a grant to the licensee is ${standing.state}: ${standing.reason}${after === undefined ? '' : `; ${AFTER_END[after]}`}`;
      ended.push({ source: 'grant', effect: 'none', reason, statement: grant.id });
    }
  }
  return { clauses, ended };
}

function reasonsOf(
  verdict: Verdict,
  rights: Rights & { license: string },
  request: DecisionRequest,
  region: Region,
): Reason[] {
  const { outcome, deciding, lifted, piece, terms } = verdict;
  const noted = terms.flatMap(({ license, note }): Reason[] =>
    note === null ? [] : [{ source: 'licence', effect: 'none', license, reason: note }],
  );
  if (outcome === 'unknown' && piece !== null) {
    const license = rights.license;
    const silence: Reason = { source: 'licence', effect: 'none', license, reason: gapInWords(piece, request) };
    return [silence, ...noted, ...lapsed(rights.clauses, region)];
  }
  const said = deciding
    .toSorted((a, b) => sizeOf(b.duties) - sizeOf(a.duties))
    .map((clause) => reasonOf(clause, clauseInWords(clause, request)));
  const exempt = lifted.map((clause) =>
    reasonOf(clause, `${clauseInWords(clause, request)}; a grant that names the licensee lifts this`),
  );
  return outcome === 'deny' ? [...said, ...lapsed(rights.clauses, region)] : [...said, ...exempt, ...noted];
}

function reasonOf({ origin, isPermit }: Clause, reason: string): Reason {
  const { source } = origin;
  return {
    source,
    effect: isPermit ? 'permit' : 'prohibit',
    reason,
    ...(source === 'licence' ? { license: origin.license, clause: origin.clause } : { rule: origin.rule }),
    ...(source === 'grant' ? { statement: origin.statement } : {}),
  };
}

/** Permits for the use whose time is over. */
const lapsed = (clauses: readonly Clause[], { uses, field, licensee, at }: Region): Reason[] =>
  clauses
    .filter((clause) => clause.isPermit && clause.until <= at && (clause.uses & uses) !== 0)
    .filter((clause) => holds(clause.field, field) && concerns(clause, licensee))
    .map((clause) => {
      const { period, afterEnd } = clause.rule;
      const after = afterEnd === undefined ? '' : `; ${AFTER_END[afterEnd]}`;
      return { ...reasonOf(clause, `a permit of this use ended at ${period?.until}${after}`), effect: 'none' };
    });

/** Of a part or ancestor that is not there: what was erased is denied, what is missing is not known. */
function faultAnswer(evidence: Evidence, record: StatementId, detail: string, at: number): Answer {
  const logged = evidence.get(record);
  const isErased = logged !== undefined && !has(logged, 'DatasetRecord') && logged.document === null;
  const because = isErased ? standingAt(evidence, logged, at).because : null;
  return {
    of: { record },
    outcome: isErased ? 'deny' : 'unknown',
    duties: 0,
    reasons: () => [
      {
        source: isErased ? 'standing' : 'lineage',
        effect: isErased ? 'prohibit' : 'none',
        reason: isErased
          ? 'the record is erased: its body, and with it its rights, are gone'
          : `the lineage cannot be followed: ${detail}`,
        ...(because === null ? {} : { statement: because }),
      },
    ],
  };
}
