import type { Change } from '../../../schemas/api.ts';
import type { Policy } from '../../../schemas/policy.ts';
import type { Check, Report } from '../../../schemas/report.ts';
import type { StatusListCredential } from '../../../schemas/status-list.ts';
import { mayRevoke } from '../../../protocol/standing.ts';
import { durationMs } from '../../../protocol/time.ts';
import { UntrustedError } from '../../errors.ts';
import { Follower } from '../../follow.ts';
import type { TrustedCheckpoint } from '../../receipt.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { keepHead } from '../log-head.ts';
import type { Connection } from '../trust-store.ts';
import type { WatchEvent } from './events.ts';
import { failuresOf, judge, judgeAnew, withFailures, type Judging } from './judge.ts';
import { readProgress, writeProgress } from './progress.ts';
import { readNews, type News } from './read-change.ts';
import { withStatus, type Watched } from './watched.ts';

/** Seconds that the registry is asked to hold an answer back: less than proxies give it. */
const WAIT = 20;
/** Longest time between two looks at the status lists and at what time alone brings about, in milliseconds. */
const REFRESH = 60_000;
/** What judging may take of the time. */
const DUTY = 0.05;
/** Pauses, in milliseconds: for a checkpoint that a cache holds back, and where the registry lets nobody wait. */
const CATCH_UP = 500;
const NO_SEAT = 3000;
/** How often an entry may be told of before a checkpoint covers it. */
const PATIENCE = 40;
/** How often in a row a look is put off until what it shows was read in the log: a busy one is ahead now and then. */
const DEFERRALS = 3;

/** One run of `firsthand watch`: where it is in the log, and what it knows of each certificate. */
export class WatchSession {
  /** Falls so far. */
  falls = 0;
  readonly #cli: Cli;
  readonly #connection: Connection;
  readonly #policy: Policy;
  readonly #watched: readonly Watched[];
  readonly #emit: (event: WatchEvent) => void;
  readonly #signal: AbortSignal;
  readonly #judging: Judging;
  #follower: Follower | null = null;
  /** Heads that are still ahead of where reading began, and from which entry on each certificate is told news. */
  #marks: Watched['head'][] = [];
  readonly #from = new Map<Watched, number>();
  /** Proven changes that were not told yet; null where all were. */
  #untold: Change[] | null = null;
  /** How often in a row the registry told of the entry that comes next. */
  #announced = 0;
  #refreshAt = 0;
  #deferrals = 0;

  constructor(
    cli: Cli,
    connection: Connection,
    policy: Policy,
    watched: readonly Watched[],
    options: { emit: (event: WatchEvent) => void; signal: AbortSignal },
  ) {
    this.#cli = cli;
    this.#connection = connection;
    this.#policy = policy;
    this.#watched = watched;
    this.#emit = options.emit;
    this.#signal = options.signal;
    this.#judging = { ...connection, policy, now: () => cli.now(), pause: (ms) => cli.sleep(ms, options.signal) };
  }

  /** Whether the status of some certificate is not known. */
  get isIndeterminate(): boolean {
    return this.#watched.some(({ said }) => said !== '');
  }

  get size(): number {
    return this.#follower?.size ?? 0;
  }

  /**
   * Reads and proves what was logged since, and says what of it matters. Then, when it is time, looks at the status lists
   * and judges every certificate anew. Answers whether the log has grown.
   */
  async advance(): Promise<boolean> {
    const follower = (this.#follower ??= await this.#begin());
    const { head } = await keepHead(this.#cli, this.#connection, follower.size);
    const isGrown = head.size > follower.size;
    if (isGrown || this.#marks.length > 0) {
      const keep = (change: Change): boolean => this.#matters(change);
      this.#untold = [...(this.#untold ?? []), ...(await follower.advance(head, { keep, marks: this.#marks }))];
      this.#marks = [];
      this.#announced = 0;
    }
    if (this.#untold !== null) {
      await this.#tell(await readNews(this.#connection.client, this.#untold), head);
      // Only what was told counts as followed: whatever stops this run, the next one tells the rest.
      await writeProgress(this.#cli, { head, certificates: new Set(this.#watched.map(({ digest }) => digest)) });
      this.#untold = null;
    }
    if (this.#cli.now() >= this.#refreshAt && !(await this.#refresh(head))) return this.advance();
    return isGrown;
  }

  /** Waits until the registry says that there is more, or for a while. */
  async wait(): Promise<void> {
    const start = performance.now();
    const due = Math.ceil((this.#refreshAt - this.#cli.now()) / 1000);
    const wait = Math.max(1, Math.min(WAIT, due));
    const { changes } = await this.#connection.client.changes(this.size, { limit: 1, wait });
    if (changes.length === 0) {
      this.#announced = 0;
      // Too many wait already.
      if (performance.now() - start < 900) await this.#cli.sleep(NO_SEAT, this.#signal);
    } else if (this.#announced++ > 0) {
      // A cache may hold the checkpoint back, but not for long.
      if (this.#announced > PATIENCE) {
        throw new UntrustedError(`the registry tells of entry ${this.size}, but signs no checkpoint that covers it`);
      }
      await this.#cli.sleep(CATCH_UP, this.#signal);
    }
  }

  /** The registry is away: what time alone brings about is still told. */
  async judgeAlone(): Promise<void> {
    for (const watched of this.#watched) this.#say(watched, await judge(watched.text, this.#judging));
  }

  /** Takes up where the last run left off, or where the oldest certificate was made. */
  async #begin(): Promise<Follower> {
    const origin = (this.#watched[0] as Watched).head.origin;
    const progress = await readProgress(this.#cli, origin, this.#connection.trust);
    const heads = this.#watched.map((watched) => {
      const isKnown = progress?.certificates.has(watched.digest) === true;
      const head = isKnown && progress.head.size > watched.head.size ? progress.head : watched.head;
      this.#from.set(watched, head.size);
      return head;
    });
    const start = heads.reduce((least, head) => (head.size < least.size ? head : least));
    const newest = heads.reduce((most, head) => (head.size > most.size ? head : most));
    const { head } = await keepHead(this.#cli, this.#connection);
    const foreign = this.#watched.find((watched) => watched.head.origin !== head.origin);
    if (foreign !== undefined) {
      const what = `${foreign.file} is of the log ${foreign.head.origin}, and the registry has ${head.origin}`;
      throw new CliError('usage', what, 'give the certificates of one registry, and its address with --registry');
    }
    // What the certificates were made for, it must have still.
    await keepHead(this.#cli, this.#connection, newest.size);
    const follower = await Follower.at(this.#connection.client, start);
    this.#marks = heads;
    this.#emit({ event: 'watching', origin, from: start.size, certificates: this.#watched.length });
    return follower;
  }

  /** What is read in full: every revocation, whatever the feed says that it revokes, and new versions of our records. */
  #matters({ kind, targets }: Change): boolean {
    if (kind === 'Revocation') return true;
    return targets.some(
      ({ relation, id }) => relation === 'replaces' && this.#watched.some(({ records }) => records.has(id)),
    );
  }

  async #tell(news: readonly News[], head: TrustedCheckpoint): Promise<void> {
    for (const watched of this.#watched) {
      const from = this.#from.get(watched) ?? 0;
      const own = news.filter((each) => each.index >= from && this.#concerns(watched, each));
      const revoked = own.filter(({ because }) => because !== null);
      const anew = revoked.length === 0 ? null : await judgeAnew(watched, revoked, head, this.#judging);
      this.#from.set(watched, head.size);
      for (const { target, by, since } of own.filter(({ because }) => because === null)) {
        this.#emit({ event: 'superseded', ...of(watched), statement: target, by, since });
      }
      if (anew === null) continue;
      if (anew.text !== null) watched.text = anew.text;
      this.#tellRevoked(watched, revoked, anew.report);
    }
  }

  #tellRevoked(watched: Watched, revoked: readonly News[], report: Report): void {
    const failed = failuresOf(report);
    watched.said = saidOf(failed);
    const isFailing = failed.some(({ id }) => id !== 'freshness');
    for (const { target, because } of revoked) {
      const kind = watched.evidence.get(target)?.kind;
      if (because === null || kind === undefined) continue;
      // A policy that asks about a fixed time is only concerned by what changes the answer for that time.
      const isRelied = watched.relied.has(target) && this.#policy.trust?.asOf === undefined;
      if (!isRelied && !isFailing) {
        this.#emit({ event: 'note', ...of(watched), statement: target, kind, because });
        continue;
      }
      this.falls++;
      this.#emit({ event: 'fall', ...of(watched), statement: target, kind, because, verdict: report.verdict, failed });
    }
  }

  /** Whether news are about something in the certificate, by someone entitled to make them. */
  #concerns({ evidence, records }: Watched, { target, signer, because }: News): boolean {
    const logged = evidence.get(target);
    if (logged === undefined) return false;
    if (because === null) return records.has(target) && logged.document?.issuer === signer;
    return mayRevoke(evidence, logged, signer);
  }

  /** False, some times, where the registry's answers are ahead of what was read: the log explains what they show. */
  async #refresh(head: TrustedCheckpoint): Promise<boolean> {
    const start = performance.now();
    const { client } = this.#connection;
    const lists = new Map<number, StatusListCredential>();
    for (const list of new Set(this.#watched.flatMap((watched) => watched.lists))) {
      lists.set(list, await client.status(list));
    }
    const mayDefer = this.#deferrals < DEFERRALS;
    let isAhead = [...lists.values()].some((list) => sizeOf(list) > head.size);
    if (mayDefer && isAhead) return this.#defer();
    for (const watched of this.#watched) {
      watched.text = withStatus(watched, lists);
      let report = await judge(watched.text, this.#judging);
      if (report.verdict === 'fail' && saidOf(failuresOf(report)) !== watched.said) {
        // What it was made without may explain it: only the registry's newest certificate is the last word.
        const anew = await judgeAnew(watched, [], head, this.#judging);
        if (mayDefer && anew.size > head.size) {
          isAhead = true;
          continue;
        }
        ({ report } = anew);
        if (anew.text !== null) {
          watched.text = anew.text;
          report = withFailures(report, await this.#contradictions(watched, lists));
        }
      }
      this.#say(watched, report);
    }
    if (mayDefer && isAhead) return this.#defer();
    this.#deferrals = 0;
    const maxAge = this.#policy.trust?.statusMaxAge;
    const every = maxAge === undefined ? REFRESH : Math.min(REFRESH, Math.max(1000, durationMs(maxAge) / 4));
    this.#refreshAt = this.#cli.now() + Math.max(every, (performance.now() - start) / DUTY);
    return true;
  }

  #defer(): false {
    this.#deferrals++;
    return false;
  }

  /** Revocations that a signed status list shows, and the newest certificate neither carries nor shows itself. */
  async #contradictions(watched: Watched, lists: ReadonlyMap<number, StatusListCredential>): Promise<Check[]> {
    return failuresOf(await judge(withStatus(watched, lists), this.#judging)).filter(({ id }) => id === 'standing');
  }

  /** Says what has changed about a certificate. */
  #say(watched: Watched, report: Report): void {
    const failed = failuresOf(report);
    const said = saidOf(failed);
    if (said === watched.said) return;
    watched.said = said;
    if (failed.length === 0) this.#emit({ event: 'recovered', ...of(watched) });
    else if (failed.every(({ id }) => id === 'freshness')) {
      this.#emit({ event: 'indeterminate', ...of(watched), failed });
    } else {
      const statement = failed.find((check) => check.statement !== undefined)?.statement ?? null;
      const kind = statement === null ? null : (watched.evidence.get(statement)?.kind ?? null);
      this.falls++;
      this.#emit({ event: 'fall', ...of(watched), statement, kind, because: null, verdict: 'fail', failed });
    }
  }
}

const of = ({ file, subject }: Watched): { certificate: string; subject: Watched['subject'] } => ({
  certificate: file,
  subject,
});

const sizeOf = ({ credentialSubject }: StatusListCredential): number => credentialSubject.log.size;

/** Times in a detail change from look to look; which statements fail which checks is what counts. */
const saidOf = (failed: readonly Check[]): string =>
  [...new Set(failed.map(({ id, statement }) => `${id} ${statement ?? ''}`))].toSorted().join('\n');
