import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Submitted } from '../../schemas/api.ts';
import type { SearchPage } from '../../schemas/search.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import type { Draft, ParsedStatement } from '../../protocol/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import { COUNTRIES } from '../../schemas/country.ts';
import { limits } from '../../schemas/limits.ts';
import { drafts, signed } from '../support/statements.ts';
import { batch, cast, expectProblem, getJson, log, type Cast } from './client.ts';
import type { OpenRegistry, Registry } from './harness.ts';

type Record = ParsedStatement<'DatasetRecord'> & Submitted;

const HOUR = 3_600_000;

/** Search for what may be used so. */
export function describePermittedSearch(name: string, open: OpenRegistry): void {
  describe(`search by use on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    const logged = new Map<string, Record>();
    const idOf = (key: string) => (logged.get(key) as Record).id;
    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'permitted');
    });
    afterAll(() => registry.close());

    const add = async (key: string, draft: Draft<'DatasetRecord'>, signer: Signer): Promise<Record> => {
      const record = await log(registry, await signed(draft, signer));
      logged.set(key, record);
      return record;
    };
    const record = (key: string, license: string, rules?: RightsRule[], more: object = {}): Promise<Record> => {
      const { alice } = people;
      const rights = { holder: alice.did, license, ...(rules === undefined ? {} : { rules }) };
      return add(key, { ...drafts.record(alice.did, `permitted ${key}`, { rights }), ...more }, alice);
    };
    const whole = (key: string, ...parts: string[]): Promise<Record> => {
      const { publisher } = people;
      const rights = { holder: publisher.did, license: 'MIT' };
      return add(key, drafts.composition(publisher.did, parts.map(idOf).sort(), { rights }), publisher);
    };
    const search = (query: string): Promise<SearchPage> => getJson<SearchPage>(registry, `/v1/datasets?${query}`);
    /** Those of these keys that a search lists, in its order. */
    const found = async (query: string, ...keys: string[]): Promise<string[]> => {
      const { datasets } = await search(`limit=100&${query}`);
      return datasets.flatMap(({ id }) =>
        [...logged].filter(([key, each]) => each.id === id && keys.includes(key)).map(([key]) => key),
      );
    };

    it('lists what is allowed, and what is with duties; not what is denied, nor what nobody said anything about', async () => {
      const keys = ['free', 'credited', 'noncommercial', 'unknown'];
      await record('free', 'MIT');
      await record('credited', 'CC-BY-4.0');
      await record('noncommercial', 'CC-BY-NC-4.0');
      await add(
        'unknown',
        drafts.record(people.alice.did, 'permitted unknown', { rights: { holder: people.alice.did, license: 'Zlib' } }),
        people.alice,
      );
      expect(await found('use=train', ...keys)).toEqual(['credited', 'free']);
      expect(await found('use=train&purpose=commercial&modelRelease=internal', ...keys)).toEqual(['credited', 'free']);
      expect(await found('use=train.finetune&purpose=research&modelRelease=internal', ...keys)).toEqual([
        'noncommercial',
        'credited',
        'free',
      ]);
      expect((await search('use=train')).due).toBe(0);
      expect((await search('q=permitted')).due, 'only where it was asked').toBeUndefined();
    });

    it('lists a dataset for what all that it is made of permits', async () => {
      const keys = ['both', 'mixed', 'over'];
      await whole('both', 'free', 'credited');
      await whole('mixed', 'free', 'noncommercial');
      await whole('over', 'mixed', 'credited');
      expect(await found('use=evaluate', ...keys)).toEqual(['both']);
      expect(await found('use=evaluate&purpose=research', ...keys)).toEqual(['over', 'mixed', 'both']);
    });

    it('asks each country, and the whole world where none is named', async () => {
      const keys = ['american', 'nowhere-french'];
      await record('american', 'Zlib', [{ effect: 'permit', uses: ['ground'], territory: { include: ['US', 'CA'] } }]);
      await record('nowhere-french', 'MIT', [{ effect: 'prohibit', uses: ['ground'], territory: { include: ['FR'] } }]);
      expect(await found('use=ground', ...keys)).toEqual([]);
      expect(await found('use=ground&territory=US', ...keys)).toEqual(['nowhere-french', 'american']);
      expect(await found('use=ground&territory=US,DE', ...keys)).toEqual(['nowhere-french']);
      expect(await found('use=ground&territory=US,CA,FR', ...keys)).toEqual([]);
      expect(await found('use=search', ...keys)).toEqual(['nowhere-french']);
    });

    it('knows when: an embargo that ends, a permit that ends, a record that runs out', async () => {
      const keys = ['embargoed', 'lent', 'brief', 'of brief'];
      const start = registry.now();
      const at = (hours: number): string => timestampOf(start + hours * HOUR);
      await record('embargoed', 'MIT', [{ effect: 'prohibit', uses: ['train'], period: { until: at(2) } }]);
      await record('lent', 'Zlib', [{ effect: 'permit', uses: ['train'], period: { from: at(1), until: at(3) } }]);
      await record('brief', 'MIT', undefined, { validUntil: at(4) });
      await whole('of brief', 'brief');
      const during = async (ms: number): Promise<string[]> => {
        registry.setNow(ms);
        return found('use=train', ...keys);
      };
      expect(await during(start)).toEqual(['of brief', 'brief']);
      expect(await during(start + HOUR - 1)).toEqual(['of brief', 'brief']);
      expect(await during(start + HOUR)).toEqual(['of brief', 'brief', 'lent']);
      expect(await during(start + 2 * HOUR)).toEqual(['of brief', 'brief', 'lent', 'embargoed']);
      expect(await during(start + 3 * HOUR)).toEqual(['of brief', 'brief', 'embargoed']);
      expect(await during(start + 4 * HOUR)).toEqual(['embargoed']);
    });

    it('lists nothing that was withdrawn or erased, and nothing made of it, from the very commit on', async () => {
      const keys = ['mine', 'erased', 'of mine', 'of both', 'of erased'];
      const { alice } = people;
      await record('mine', 'MIT');
      await record('erased', 'MIT');
      await whole('of mine', 'mine');
      await whole('of both', 'of mine', 'erased');
      await whole('of erased', 'erased');
      expect(await found('use=train', ...keys)).toEqual(keys.toReversed());
      await log(registry, await signed(drafts.revocation(idOf('mine')), alice));
      expect(await found('use=train', ...keys)).toEqual(['of erased', 'erased']);
      await log(registry, await signed(drafts.revocation(idOf('erased'), { erase: true }), alice));
      expect(await found('use=train', ...keys)).toEqual([]);
    });

    it('lists of one signer so many different answers, and all that others permit alike', async () => {
      const { alice, bob } = people;
      const codes = COUNTRIES.slice(0, 24);
      const pairs = codes.flatMap((one, i) => codes.slice(i + 1).map((other) => [one, other]));
      const [first = [], last = []] = [pairs[0], pairs.at(-1)];
      const only = (pair: typeof first, { did }: Signer): Draft<'DatasetRecord'> => {
        const rules: RightsRule[] = [{ effect: 'permit', uses: ['ground'], territory: { include: pair } }];
        return drafts.record(did, `only ${pair.join()}`, { rights: { holder: did, license: 'Zlib', rules } });
      };
      await batch(registry, await Promise.all(pairs.map((pair) => signed(only(pair, bob), bob))));
      const listed = async (pair: typeof first): Promise<number> => {
        const { datasets } = await search(`use=ground&territory=${pair.join()}&limit=100`);
        return datasets.filter(({ name }) => name === `Record of only ${pair.join()}`).length;
      };
      expect(pairs.length).toBeGreaterThan(256);
      expect([await listed(first), await listed(last)]).toEqual([1, 0]);
      await log(registry, await signed(only(last, alice), alice));
      expect(await listed(last)).toBe(1);
    });

    it('lists what a voided credential signed no more, and goes on listing what was signed before, or by others', async () => {
      const keys = ['before', 'since', 'of since', 'by bob'];
      const { bob, credential } = people;
      await record('before', 'MIT');
      const stolen = registry.now() + HOUR;
      registry.setNow(stolen + 1000);
      await record('since', 'MIT');
      await whole('of since', 'since', 'before');
      await add('by bob', drafts.record(bob.did, 'permitted by bob'), bob);
      expect(await found('use=train', ...keys)).toEqual(['by bob', 'of since', 'since', 'before']);
      const invalidSince = timestampOf(stolen);
      await log(
        registry,
        await signed(drafts.revocation(credential.id, { reason: 'key-compromise', invalidSince }), people.issuer),
      );
      expect(await found('use=train', ...keys)).toEqual(['by bob', 'before']);
      expect((await search('use=train')).due).toBe(0);
    });

    it('pages through what is permitted, each record once, together with whatever else is asked', async () => {
      const { bob } = people;
      const records = await Promise.all(
        Array.from({ length: 24 }, (_, i) =>
          signed(
            drafts.record(bob.did, `permitted page ${i}`, {
              rights: { holder: bob.did, license: ['MIT', 'CC-BY-NC-4.0', 'CC-BY-4.0'][i % 3] as string },
              domain: [i % 2 === 0 ? 'even' : 'odd'],
              language: ['en'],
              keywords: ['leafed'],
              ...(i % 4 === 0 ? { taskType: 'critique' as const } : {}),
            }),
            bob,
          ),
        ),
      );
      await batch(registry, records);
      const paged = async (query: string): Promise<number[]> => {
        const numbers: number[] = [];
        for (let after = ''; ;) {
          const page = await search(`${query}&limit=3${after}`);
          numbers.push(...page.datasets.map(({ id }) => records.findIndex((each) => each.id === id)));
          if (page.next === null) return numbers.filter((n) => n >= 0);
          after = `&after=${page.next}`;
        }
      };
      const those = (isMeant: (n: number) => boolean): number[] =>
        [...records.keys()].filter((n) => n % 3 !== 1 && isMeant(n)).toReversed();
      expect(await paged('use=train')).toEqual(those(() => true));
      expect(await paged('use=train&q=leafed')).toEqual(those(() => true));
      expect(await paged('use=train&domain=even')).toEqual(those((n) => n % 2 === 0));
      expect(await paged('use=train&domain=even&language=en&taskType=critique&q=leafed&maxAssistance=none')).toEqual(
        those((n) => n % 4 === 0),
      );
      expect(await paged('use=train&domain=even&language=de')).toEqual([]);
      expect(await paged('use=train&q=nobodyhasthis')).toEqual([]);
    });

    it('does not list what takes more to tell than it may', async () => {
      const start = registry.now();
      const rules = Array.from({ length: limits.indexedSpans }, (_, i): RightsRule => ({
        effect: 'prohibit',
        uses: ['derive'],
        period: { from: timestampOf(start + (2 * i + 1) * HOUR), until: timestampOf(start + (2 * i + 2) * HOUR) },
      }));
      const { bob } = people;
      const rights = { holder: bob.did, license: 'MIT', rules };
      await add('long', drafts.record(bob.did, 'permitted long', { rights }), bob);
      expect(await found('use=embed', 'long')).toEqual([]);
      // Three spans, in each of which every licence of a source is weighed.
      const most = Math.floor(limits.indexedAncestors / 3);
      const from = async (key: string, count: number): Promise<Record> => {
        const derivedFrom = Array.from({ length: count }, (_, i) => ({
          url: 'https://example.com/',
          license: `MIT${' AND MIT'.repeat(i)}`,
          relation: 'filtered' as const,
        }));
        const thrice = { ...rights, rules: rules.slice(0, 1) };
        return add(key, drafts.record(bob.did, `permitted ${key}`, { rights: thrice, derivedFrom }), bob);
      };
      await from('weighed', most);
      await from('unweighed', most + 1);
      expect(await found('use=embed', 'weighed', 'unweighed')).toEqual(['weighed']);
    });

    it('asks its database a few questions, however much there is', async () => {
      await search('use=train');
      const before = registry.queries();
      await search('use=train');
      expect(registry.queries() - before).toBe(3);
      await search('use=train&domain=even&q=leafed&maxAssistance=editing');
      expect(registry.queries() - before).toBe(3 + 4);
    });

    it.each([
      ['use=training', '/use'],
      ['use=', '/use'],
      ['use=train&purpose=profit', '/purpose'],
      ['use=train&modelRelease=open', '/modelRelease'],
      ['use=train&territory=UK', /\/territory.*GB, not UK/],
      ['use=train&territory=', '/territory'],
      ['use=train&territory=US,,DE', '/territory'],
      ['use=train&territory=US,US', /\/territory.*twice/],
      [`use=train&territory=${'US,'.repeat(400)}US`, '/territory'],
      ['territory=US', /\/use is missing/],
      ['purpose=research', /\/use is missing/],
      ['modelRelease=internal&q=x', /\/use is missing/],
      ['use=train&field=healthcare', 'unknown field "field"'],
      ['use=train&licensee=did:key:z6Mk', 'unknown field "licensee"'],
      ['use=train&at=2026-01-01T00:00:00Z', 'unknown field "at"'],
    ])('refuses the query %s, naming the parameter', async (query, names) => {
      await expectProblem(await registry.fetch(`/v1/datasets?${query}`), [400, 'invalid-request', names]);
    });
  });
}
