import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchPage, Submitted } from '../../schemas/api.ts';
import type { Decision } from '../../schemas/decision.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import type { PublicQuestion } from '../../protocol/rights/permits.ts';
import { timestampOf } from '../../protocol/time.ts';
import { enterJudged } from '../../worker/database/permitted.ts';
import { db, type Database } from '../../worker/database/port.ts';
import { settleSome } from '../../worker/rights/settle.ts';
import { sweepPermits } from '../../worker/rights/sweep.ts';
import { cast, getJson, log, post, type Cast } from '../contract/client.ts';
import { NOON, openRegistry, type Platform, type Registry } from '../contract/harness.ts';
import { anyRule } from '../rights/worlds.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';

// What search lists by use is held against what the registry decides about every record, one by one, over histories in
// which whatever can happen to records, credentials and accreditations does.

const HOUR = 3_600_000;
/** Hours from noon; what is asked about lies around them. */
const hour = fc.integer({ min: -3, max: 30 });

const rule: fc.Arbitrary<RightsRule> = fc.tuple(anyRule, hour).map(([each, n]) => {
  if (each.period === undefined) return each;
  const time = timestampOf(NOON + n * HOUR);
  return { ...each, period: each.period.from === undefined ? { until: time } : { from: time } };
});
const rights = fc.record({
  license: fc.constantFrom(
    'MIT',
    'CC0-1.0',
    'CC-BY-4.0',
    'CC-BY-NC-4.0',
    'MIT OR CC-BY-SA-4.0',
    'CC-BY-NC-4.0 OR CC-BY-ND-4.0',
  ),
  rules: fc.oneof(
    { weight: 3, arbitrary: fc.constant<RightsRule[]>([]) },
    { weight: 1, arbitrary: fc.array(rule, { maxLength: 3 }) },
  ),
});
const which = fc.nat({ max: 1000 });
const ends = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }) },
);
const since = fc.integer({ min: 0, max: 6 });

const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('record' as const),
      who: which,
      rights,
      ends,
      url: fc.option(fc.constantFrom('MIT', 'CC-BY-NC-4.0'), { freq: 5 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('compose' as const),
      parts: fc.array(which, { minLength: 1, maxLength: 3 }),
      source: fc.option(which, { freq: 2 }),
      rights,
      ends,
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('revoke' as const), of: which, erase: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('void' as const),
      who: which,
      since: fc.option(since, { freq: 3 }),
      erase: fc.integer({ max: 3, min: 0 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('strike' as const), since }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 3 }) }) },
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

const QUESTIONS: PublicQuestion[] = [
  { use: 'evaluate' },
  { use: 'train', purpose: 'commercial', modelRelease: 'closed-weights' },
  { use: 'train.rl', purpose: 'research', territory: ['US', 'DE'] },
  { use: 'derive', purpose: 'noncommercial' },
  { use: 'redistribute', territory: ['FR'] },
];

/** A registry with people who come and go. */
class World {
  readonly registry: Registry;
  readonly #cast: Cast;
  readonly #name: string;
  readonly records: { id: StatementId; signer: Signer; isErased: boolean }[] = [];
  #issuer: { signer: Signer; accreditation: StatementId };
  #people: { signer: Signer; credential: StatementId; issuer: Signer }[] = [];
  #count = 0;

  constructor(registry: Registry, people: Cast, name: string) {
    this.registry = registry;
    this.#cast = people;
    this.#name = name;
    this.#issuer = { signer: people.issuer, accreditation: people.accreditation.id };
    this.#people.push({ signer: people.alice, credential: people.credential.id, issuer: people.issuer });
  }

  async happen(what: Event): Promise<void> {
    const validUntil = 'ends' in what && what.ends !== null ? { validUntil: this.#in(what.ends) } : {};
    if (what.does === 'wait') return this.registry.setNow(this.registry.now() + what.hours * HOUR);
    if (what.does === 'record') {
      const { signer } = await this.#person(what.who);
      const sources =
        what.url === null
          ? {}
          : { derivedFrom: [{ url: 'https://example.com/', license: what.url, relation: 'filtered' as const }] };
      const more = { rights: { holder: signer.did, ...what.rights }, ...sources };
      await this.#add(
        await signed({ ...drafts.record(signer.did, `${this.#name} ${this.#count++}`, more), ...validUntil }, signer),
        signer,
      );
      return;
    }
    if (what.does === 'compose') {
      const whole = this.records.filter(({ isErased }) => !isErased);
      const parts = [...new Set(what.parts.flatMap((n) => whole[n % whole.length]?.id ?? []))].sort();
      if (parts.length === 0) return;
      const { publisher } = this.#cast;
      const source = what.source === null ? undefined : whole[what.source % whole.length];
      const derived = source === undefined ? {} : { derivedFrom: [{ id: source.id, relation: 'filtered' as const }] };
      const more = { rights: { holder: publisher.did, ...what.rights }, version: `${this.#count++}`, ...derived };
      await this.#add(
        await signed({ ...drafts.composition(publisher.did, parts, more), ...validUntil }, publisher),
        publisher,
      );
      return;
    }
    if (what.does === 'revoke') {
      const standing = this.records.filter(({ isErased }) => !isErased);
      const record = standing[what.of % standing.length];
      if (record === undefined) return;
      record.isErased = what.erase;
      await this.#say(
        await signed(drafts.revocation(record.id, what.erase ? { erase: true } : {}), record.signer),
        true,
      );
      return;
    }
    const { operator } = this.registry;
    const invalid = what.since === null ? {} : { invalidSince: this.#in(-what.since) };
    if (what.does === 'void') {
      const { credential } = await this.#person(what.who);
      const erased = what.erase === 0 ? { erase: true as const, reason: 'legal' as const } : {};
      await this.#say(await signed(drafts.revocation(credential, { ...invalid, ...erased }), operator));
      this.#people = this.#people.filter((each) => each.credential !== credential);
      return;
    }
    const { accreditation, signer } = this.#issuer;
    await this.#say(await signed(drafts.revocation(accreditation, invalid), operator));
    this.#people = this.#people.filter(({ issuer }) => issuer !== signer);
    const next = await signerOf(`${this.#name}: issuer ${this.#count++}`);
    this.#issuer = {
      signer: next,
      accreditation: (await this.#say(await signed(drafts.identityIssuer(next.did), operator))).id,
    };
  }

  /** Somebody who may sign; there is always one. */
  async #person(n: number): Promise<{ signer: Signer; credential: StatementId }> {
    if (this.#people.length < 2) {
      const signer = await signerOf(`${this.#name}: person ${this.#count++}`);
      const draft = drafts.credential(signer.did, signer.did);
      const { id } = await this.#say(await signed({ ...draft, validFrom: this.#in(0) }, this.#issuer.signer));
      this.#people.push({ signer, credential: id, issuer: this.#issuer.signer });
    }
    return this.#people[n % this.#people.length] as { signer: Signer; credential: StatementId };
  }

  async #add(statement: Parameters<typeof log>[1], signer: Signer): Promise<void> {
    this.records.push({ id: (await this.#say(statement)).id, signer, isErased: false });
  }

  async #say(statement: Parameters<typeof log>[1], mayBeRefused = false): Promise<Submitted> {
    if (mayBeRefused)
      return (await (await post(this.registry, '/v1/statements', statement.canonical)).json()) as Submitted;
    return log(this.registry, statement);
  }

  #in = (hours: number): string => timestampOf(this.registry.now() + hours * HOUR);
}

export function describePermitted(
  name: string,
  openPlatform: () => Promise<Platform>,
  histories: number,
  length: number,
): void {
  describe(`what is permitted, on ${name}`, () => {
    let platform: Platform;
    let registry: Registry;
    let database: Database;
    beforeAll(async () => {
      platform = await openPlatform();
      ({ database } = platform);
      registry = await openRegistry(platform);
    });
    afterAll(() => registry.close());

    /** What search lists, page after page. */
    const listed = async (question: PublicQuestion, more = ''): Promise<StatementId[]> => {
      const { territory, ...rest } = question;
      const query = new URLSearchParams({
        ...(rest as Record<string, string>),
        ...(territory === undefined ? {} : { territory: territory.join(',') }),
      });
      const ids: StatementId[] = [];
      for (let after: number | null = Number.MAX_SAFE_INTEGER; after !== null;) {
        const page: SearchPage = await getJson<SearchPage>(
          registry,
          `/v1/datasets?${query}&limit=7&after=${after}${more}`,
        );
        ids.push(...page.datasets.map(({ id }) => id));
        after = page.next;
      }
      return ids;
    };
    /** What is decided about each, newest first. */
    const decided = async (question: PublicQuestion, records: readonly StatementId[]): Promise<StatementId[]> => {
      const answers: Decision[] = [];
      for (let at = 0; at < records.length; at += 100) {
        const body = JSON.stringify({ ...question, records: records.slice(at, at + 100) });
        answers.push(
          ...((await (await post(registry, '/v1/decisions', body)).json()) as { decisions: Decision[] }).decisions,
        );
      }
      const permitted = answers.filter(({ decision }) => decision === 'allow' || decision === 'conditional');
      return permitted.map(({ record }) => record).toReversed();
    };
    /** What has not ended. */
    const rows = () =>
      database.all(
        sql`SELECT text, log_index, since, until, depth, records FROM permitted CROSS JOIN permits ON id = permits
          WHERE until > (SELECT max(logged_at) FROM statements)
          ORDER BY log_index, since`.compile(db),
      );
    const forget = () =>
      database.batch(
        [
          sql`DELETE FROM permitted`,
          sql`INSERT OR IGNORE INTO permitted_due (log_index, doubted) SELECT log_index, 0 FROM datasets`,
        ].map((query) => query.compile(db)),
      );
    const settle = async (): Promise<void> => {
      while (await settleSome(database));
    };

    it('is what search lists by use, after whatever happened, at any time', async () => {
      const seen = { listed: 0, left: 0 };
      let all: StatementId[] = [];
      for (let run = 0; run < histories; run++) {
        const suite = `permitted ${run}`;
        const world = new World(registry, await cast(registry, suite), suite);
        const events = fc.sample(event, { numRuns: length, seed: 11 + run });
        for (const [i, each] of events.entries()) {
          await world.happen(each);
          if (i % 10 !== 9) continue;
          const records = [...all, ...world.records.map(({ id }) => id)];
          for (const question of QUESTIONS) {
            const expected = await decided(question, records);
            expect(await listed(question), JSON.stringify(question)).toEqual(expected);
            seen.listed += expected.length;
            seen.left += records.length - expected.length;
          }
        }
        all = [...all, ...world.records.map(({ id }) => id)];
      }
      // A comparison of little with little would hold as well.
      expect(seen.listed).toBeGreaterThan(40 * histories);
      expect(seen.left).toBeGreaterThan(40 * histories);
      // What is derived can be made again, from the log alone.
      const before = await rows();
      expect(before.length).toBeGreaterThan(5 * histories);
      await forget();
      const page = await getJson<SearchPage>(registry, '/v1/datasets?use=evaluate');
      expect(page.datasets).toEqual([]);
      expect(page.due).toBeGreaterThan(before.length / 2);
      await settle();
      expect(await rows()).toEqual(before);
      // Together with what else is asked, and as long as nothing has ended a week ago.
      await sweepPermits(database);
      for (const more of ['&maxAssistance=none', '&taskType=sft-demonstration', '&q=record']) {
        const expected = await decided(QUESTIONS[0] as PublicQuestion, all);
        const isRecord = new Set(more.startsWith('&q') ? await listedBy(more) : expected);
        expect(await listed(QUESTIONS[0] as PublicQuestion, more)).toEqual(expected.filter((id) => isRecord.has(id)));
      }
    });
    const listedBy = async (more: string): Promise<StatementId[]> => {
      const ids: StatementId[] = [];
      for (let after: number | null = Number.MAX_SAFE_INTEGER; after !== null;) {
        const page: SearchPage = await getJson<SearchPage>(registry, `/v1/datasets?limit=100&after=${after}${more}`);
        ids.push(...page.datasets.map(({ id }) => id));
        after = page.next;
      }
      return ids;
    };

    it('waits with what is due, and with what is made of it; what falls meanwhile is never entered', async () => {
      const { alice, publisher } = await cast(registry, 'permitted due');
      const record = async (text: string, holder: Signer = alice) =>
        log(registry, await signed(drafts.record(holder.did, text), holder));
      const whole = async (parts: StatementId[], holder: Did = publisher.did) =>
        log(registry, await signed(drafts.composition(holder, parts), publisher));
      const [kept, lost] = [await record('permitted kept'), await record('permitted lost')];
      await forget();
      const over = [await whole([kept.id]), await whole([kept.id, lost.id].sort())] as const;
      const question = { use: 'evaluate' } as const;
      const of = new Set([kept.id, lost.id, over[0].id, over[1].id]);
      const among = async () => (await listed(question)).filter((id) => of.has(id));
      expect(await among()).toEqual([]);
      // Judged before the revocation, entered after it.
      const stale = enterJudged(
        new Map(
          [lost, over[1]].map(({ index }) => [
            index,
            {
              listing: { spans: [{ from: 0, until: 9e15, permits: [] }], depth: 0, records: 1 },
              doubted: index === lost.index ? 0 : index,
            },
          ]),
        ),
      );
      const revocation = await signed(drafts.revocation(lost.id), alice);
      await forget();
      // The registry's own indexer judges what is due as soon as the revocation is logged.
      await log(registry, revocation);
      await database.batch(stale);
      expect(await among()).toEqual([over[0].id, kept.id]);
      await settle();
      expect(await among()).toEqual([over[0].id, kept.id]);
    });

    it('forgets permits that no dataset has any more', async () => {
      const { alice } = await cast(registry, 'permitted swept');
      const rules: RightsRule[] = [{ effect: 'prohibit', uses: ['search'], territory: { include: ['VA'] } }];
      const mine = await log(
        registry,
        await signed(
          drafts.record(alice.did, 'permitted swept', { rights: { holder: alice.did, license: 'MIT', rules } }),
          alice,
        ),
      );
      const named = async () =>
        (await database.all(sql`SELECT id FROM permits WHERE text LIKE '%"VA"%'`.compile(db))).length;
      expect(await named()).toBe(1);
      await sweepPermits(database);
      expect(await named()).toBe(1);
      await log(registry, await signed(drafts.revocation(mine.id, { erase: true }), alice));
      await sweepPermits(database);
      expect(await named()).toBe(0);
    });
  });
}
