import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchPage } from '../../schemas/search.ts';
import type { Decision } from '../../schemas/decision.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import type { PublicQuestion } from '../../protocol/rights/permits.ts';
import type { Draft } from '../../protocol/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import { enterJudged, revokePermitted } from '../../worker/database/permitted.ts';
import { db, type Database } from '../../worker/database/port.ts';
import { settleSome } from '../../worker/rights/settle.ts';
import { sweepPermits } from '../../worker/rights/sweep.ts';
import { batch, cast, getJson, log, post } from '../contract/client.ts';
import { openRegistry, type Platform, type Registry } from '../contract/harness.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';
import { event, PermittedWorld } from './permitted-world.ts';

// What search lists by use is held against what the registry decides about every record, one by one, over histories in
// which whatever can happen to records, credentials and accreditations does.

const QUESTIONS: PublicQuestion[] = [
  { use: 'evaluate' },
  { use: 'train', purpose: 'commercial', modelRelease: 'closed-weights' },
  { use: 'train.rl', purpose: 'research', territory: ['US', 'DE'] },
  { use: 'derive', purpose: 'noncommercial' },
  { use: 'redistribute', territory: ['FR'] },
];

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
    /** As a migration does that tells permits otherwise. */
    const forget = () =>
      database.batch(
        [
          sql`DELETE FROM permitted`,
          sql`DELETE FROM permits`,
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
        const world = new PermittedWorld(registry, await cast(registry, suite), suite);
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

    it('does not doubt what was logged before a credential that is taken back: nobody attests a stranger’s key to that end', async () => {
      const { alice } = await cast(registry, 'permitted attested');
      const other = await signerOf('permitted attested: other issuer');
      await log(registry, await signed(drafts.identityIssuer(other.did), registry.operator));
      const record = async (text: string) => log(registry, await signed(drafts.record(alice.did, text), alice));
      const before = await record('attested before');
      const attested = await log(registry, await signed(drafts.credential(alice.did, 'a stranger'), other));
      const since = await record('attested since');
      const invalid = { reason: 'key-compromise', invalidSince: timestampOf(registry.now() - 3_600_000) } as const;
      const { index } = await log(registry, await signed(drafts.revocation(attested.id, invalid), other));
      await settle();
      // As its own commit did, before the indexer was woken.
      await database.batch(revokePermitted(index).map((query) => query.compile(db)));
      expect(await database.all(sql`SELECT log_index FROM permitted_due`.compile(db))).toEqual([
        { log_index: since.index },
      ]);
      await settle();
      const of = new Set([before.id, since.id]);
      expect((await listed({ use: 'evaluate' })).filter((id) => of.has(id))).toEqual([since.id, before.id]);
    });

    it('counts the records of a lineage of many paths once each, of one lineage a step', async () => {
      const { alice, publisher } = await cast(registry, 'permitted large');
      const add = async (drafted: Draft<'DatasetRecord'>[], signer: Signer): Promise<StatementId[]> => {
        const statements = await Promise.all(drafted.map((draft) => signed(draft, signer)));
        await batch(registry, statements);
        return statements.map(({ id }) => id);
      };
      const rights = { holder: publisher.did, license: 'MIT' };
      const whole = (parts: StatementId[], version: string): Draft<'DatasetRecord'> =>
        drafts.composition(publisher.did, parts.toSorted(), { rights, version });
      const many = <T>(make: (i: number) => T): T[] => Array.from({ length: 25 }, (_, i) => make(i));
      // 25 to the third power are the paths, 76 the records.
      let layer = await add(
        many((i) => drafts.record(alice.did, `permitted large ${i}`)),
        alice,
      );
      for (const n of [1, 2]) {
        const parts = layer;
        layer = await add(
          many((i) => whole(parts, `${n}.${i}`)),
          publisher,
        );
      }
      const tops = await add([whole(layer, 'a'), whole(layer, 'b')], publisher);
      const newest = async (): Promise<StatementId[]> => {
        const { datasets } = await getJson<SearchPage>(registry, '/v1/datasets?use=evaluate&limit=2');
        return datasets.map(({ id }) => id).filter((id) => tops.includes(id));
      };
      expect(await newest()).toEqual([]);
      await settleSome(database);
      expect(await newest()).toEqual(tops.slice(0, 1));
      await settle();
      expect(await newest()).toEqual(tops.toReversed());
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
