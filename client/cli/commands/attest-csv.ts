import { createReadStream } from 'node:fs';
import { FrameworkName, LevelName } from '../../../schemas/frameworks.ts';
import { HumanCredentialSubject } from '../../../schemas/human-credential.ts';
import { Term, Timestamp } from '../../../schemas/primitives.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readOptional } from '../flags.ts';
import { issueAll, settleEarlier } from '../issuing/issue.ts';
import { allIssued, openIssuer, type Issuer } from '../issuing/issuer.ts';
import { Journal } from '../issuing/journal.ts';
import { readPeople, type Defaults, type Fault, type Wanted } from '../issuing/people-file.ts';
import { planFor, type Plan } from '../issuing/plan.ts';
import { ResultsFile, type LineResult } from '../issuing/results-file.ts';
import { selectKey } from '../keys/key-store.ts';
import { openNullifiers } from '../keys/nullifier.ts';
import { progressBar } from '../progress.ts';
import { text } from '../terminal.ts';
import { expertiseOf, type AttestOptions } from './attest-human.ts';

/** Faults, and refusals, that are shown; --results FILE has them all. */
const SHOWN = 50;

/**
 * Attests a file of people. Whatever can be known beforehand is checked first, for the whole file: one with a fault in it
 * submits nothing. Safe to repeat, however the last run ended.
 */
export async function attestCsv(cli: Cli, file: string, options: AttestOptions): Promise<number> {
  const defaults = readDefaults(options);
  const nullifierOf = await openNullifiers(cli, await selectKey(cli));
  const source = file === '-' ? cli.stdin : createReadStream(file);
  const name = file === '-' ? 'stdin' : file;
  const { people, faults } = await readPeople(source, { name, defaults, nullifierOf, now: cli.now() });
  if (faults.length > 0) throw await atFault(name, people, faults, options);

  const issuer = await openIssuer(cli);
  const isDry = options.dryRun === true;
  const journal = isDry ? null : await Journal.open(cli, issuer.log, issuer.did);
  const stop = new AbortController();
  const release = cli.onStop(() => stop.abort());
  try {
    if (journal !== null) {
      const settled = await settleEarlier({ ...issuer, journal, stop: stop.signal });
      if (settled > 0)
        cli.out.note(text`note: sent ${settled} credentials again of which an earlier run heard no answer`);
    }
    const plan = await planPeople(issuer, people);
    if (plan.faults.length > 0) throw await atFault(name, people, plan.faults, options);
    const tally = new Tally(plan);
    const known = [...tally.known(), ...(isDry ? plan.issue.map((wanted) => lineOf(wanted, 'valid')) : [])];
    const results = options.results === undefined ? null : await ResultsFile.create(options.results, known);
    try {
      if (journal !== null) await issue(cli, { issuer, journal, stop: stop.signal, plan, tally, results });
    } finally {
      await results?.close();
      report(cli, { name, lines: people.length, isDry, tally, results: options.results });
    }
    return tally.counts.refused > 0 ? 1 : 0;
  } finally {
    release();
    await journal?.close();
  }
}

async function planPeople(issuer: Issuer, people: readonly Wanted[]): Promise<Plan> {
  const asked = new Set(people.map(({ did }) => did));
  const issued = await allIssued(issuer, {}, ({ document }) => asked.has(document.credentialSubject.id));
  return planFor(people, issued, issuer.did);
}

interface Run {
  issuer: Issuer;
  journal: Journal;
  stop: AbortSignal;
  plan: Plan;
  tally: Tally;
  results: ResultsFile | null;
}

async function issue(cli: Cli, { issuer, journal, stop, plan, tally, results }: Run): Promise<void> {
  if (plan.issue.length === 0) return;
  const signer = await issuer.signer();
  const bar = progressBar(cli, 'attesting', plan.issue.length);
  try {
    await issueAll(
      plan.issue,
      { client: issuer.client, journal, signer, now: cli.now, stop },
      async (batch, answers) => {
        const lines = batch.map((wanted, at) => {
          const answer = answers?.[at];
          if (answer === undefined) return lineOf(wanted, 'unknown');
          if (!answer.ok) return lineOf(wanted, 'refused', { code: answer.reason.code, detail: answer.reason.detail });
          return lineOf(wanted, 'issued', { id: answer.value.id, index: answer.value.index });
        });
        tally.add(lines);
        await results?.add(lines);
        bar?.increment(batch.length);
      },
    );
  } finally {
    bar?.stop();
    const unsent = tally.unsent().map((wanted) => lineOf(wanted, 'unsent'));
    tally.add(unsent);
    await results?.add(unsent);
  }
  if (stop.aborted && tally.counts.unsent > 0) {
    throw new CliError('interrupted', 'interrupted', 'run the same command again: it goes on where it stopped');
  }
}

const lineOf = (
  { line, did }: Wanted,
  outcome: LineResult['outcome'],
  more: Pick<LineResult, 'id' | 'index' | 'code' | 'detail'> = {},
): LineResult => ({ line, did, outcome, ...more });

/** What became of how many, and of whom nothing is known yet. */
class Tally {
  readonly counts = { issued: 0, already: 0, refused: 0, unknown: 0, unsent: 0 };
  readonly refusals: LineResult[] = [];
  readonly #already: Plan['already'];
  readonly #waiting: Map<number, Wanted>;

  constructor({ already, issue: waiting }: Plan) {
    this.#already = already;
    this.#waiting = new Map(waiting.map((wanted) => [wanted.line, wanted]));
    this.counts.already = already.length;
  }

  known(): LineResult[] {
    return this.#already.map(({ wanted, credential: { id, index } }) => lineOf(wanted, 'already', { id, index }));
  }

  unsent(): Wanted[] {
    return [...this.#waiting.values()];
  }

  add(lines: readonly LineResult[]): void {
    for (const line of lines) {
      this.#waiting.delete(line.line);
      this.counts[line.outcome as keyof Tally['counts']]++;
      if (line.outcome === 'refused' && this.refusals.length < SHOWN) this.refusals.push(line);
    }
  }
}

interface Ended {
  name: string;
  lines: number;
  isDry: boolean;
  tally: Tally;
  results: string | undefined;
}

function report(cli: Cli, { name, lines, isDry, tally, results }: Ended): void {
  const { counts } = tally;
  for (const { line, code, detail } of tally.refusals) cli.out.note(text`line ${line}: ${code ?? ''}: ${detail ?? ''}`);
  if (isDry) {
    const valid = lines - counts.already;
    cli.out.result(
      { file: name, dryRun: true, lines, valid, already: counts.already, results: results ?? null },
      () => text`${name} is in order: ${valid} to attest, ${counts.already} attested already; nothing was submitted`,
    );
    return;
  }
  const said = Object.entries(counts).filter(([outcome, count]) => count > 0 || outcome === 'issued');
  cli.out.result({ file: name, lines, ...counts, results: results ?? null }, () => {
    const where = results === undefined ? '' : `\nresults, line by line: ${results}`;
    return text`${name}, ${lines} people: ${said.map(([outcome, count]) => `${count} ${outcome}`).join(', ')}${where}`;
  });
}

/** The whole file is refused; its good lines wait with the bad ones. */
async function atFault(
  name: string,
  people: readonly Wanted[],
  faults: readonly Fault[],
  { results }: AttestOptions,
): Promise<CliError> {
  if (results !== undefined) {
    const bad = new Set(faults.map(({ line }) => line));
    const invalid = faults.map(({ line, column, message }): LineResult => ({
      line,
      outcome: 'invalid',
      ...(column === null ? {} : { column }),
      detail: message,
    }));
    const rest = people.filter(({ line }) => !bad.has(line)).map((wanted) => lineOf(wanted, 'unsent'));
    await (await ResultsFile.create(results, [...invalid, ...rest])).close();
  }
  const more = faults.length > SHOWN ? ` (the first ${SHOWN} are shown; --results FILE lists all)` : '';
  return new CliError(
    'invalid-file',
    `${name} has ${faults.length} faults; nothing was submitted${more}`,
    'correct these lines and run the same command again',
    faults.slice(0, SHOWN).map(({ line, column, message }) => ({
      path: column === null ? `line ${line}` : `line ${line}, ${column}`,
      message,
    })),
  );
}

function readDefaults(options: AttestOptions): Defaults {
  const expertise = options.expertise?.map(expertiseOf);
  return Object.fromEntries(
    Object.entries({
      framework: readOptional(FrameworkName, options.framework, '--framework'),
      level: readOptional(LevelName, options.level, '--level'),
      method: readOptional(Term, options.method, '--method'),
      verifiedAt: readOptional(Timestamp, options.verifiedAt, '--verified-at'),
      validUntil: readOptional(Timestamp, options.validUntil, '--valid-until'),
      expertise: readOptional(HumanCredentialSubject.shape.expertise, expertise, '--expertise'),
    }).filter(([, value]) => value !== undefined),
  ) as Defaults;
}
