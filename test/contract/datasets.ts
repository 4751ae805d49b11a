import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset, Submitted } from '../../schemas/api.ts';
import type { SearchPage } from '../../schemas/search.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { drafts, idOf, signed } from '../support/statements.ts';
import { batch, cast, expectProblem, getJson, log, type Cast } from './client.ts';
import type { Endpoint, OpenEndpoint } from './harness.ts';

type Record = ParsedStatement<'DatasetRecord'> & Submitted;

/** Search and the view of one dataset. */
export function describeDatasets(name: string, open: OpenEndpoint): void {
  describe(`datasets on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;
    const logged = new Map<string, Record>();
    const named = (key: string): Record => logged.get(key) as Record;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'datasets');
      const { alice } = people;
      const assisted = (level: 'editing' | 'synthetic') => ({
        authorship: { role: 'author' as const, assistance: { level } },
      });
      const records = {
        kitchen: {
          name: 'Kitchen “arithmetic” 1',
          description: 'Fractions of a cup',
          domain: ['mathematics'],
          language: ['en'],
        },
        radiology: {
          name: 'Radiology notes',
          keywords: ['x-ray', 'C++'],
          domain: ['medicine/radiology'],
          language: ['de', 'pt-BR'],
          taskType: 'annotation' as const,
        },
        machine: { name: 'Machine prose', description: 'OR NOT NEAR column:value', ...assisted('synthetic') },
        edited: { name: 'Edited prose', ...assisted('editing') },
      };
      for (const [key, more] of Object.entries(records)) {
        logged.set(key, await log(registry, await signed(drafts.record(alice.did, `datasets ${key}`, more), alice)));
      }
    });
    afterAll(() => registry.close());

    const search = (query: string): Promise<SearchPage> => getJson<SearchPage>(registry, `/v1/datasets?${query}`);
    const found = async (query: string): Promise<string[]> => {
      const ids = new Set((await search(`limit=100&${query}`)).datasets.map(({ id }) => id));
      return [...logged].filter(([, record]) => ids.has(record.id)).map(([key]) => key);
    };

    it.each([
      ['arithmetic', ['kitchen']],
      ['ARITH', ['kitchen']],
      ['fractions cup', ['kitchen']],
      ['prose', ['machine', 'edited']],
      ['machine prose', ['machine']],
      ['x-ray', ['radiology']],
      ['C++', ['kitchen', 'radiology', 'machine']],
      ['radiology C++', ['radiology']],
      ['column:value', ['machine']],
      ['OR', ['machine']],
      ['NOT NEAR(', ['machine']],
      ['"unbalanced', []],
      ['kitchen"', ['kitchen']],
      ['{name}: kitchen', []],
      ['name:kitchen', []],
      ['^kitchen', ['kitchen']],
      ['kitchen*', ['kitchen']],
      ["kitchen'; DROP TABLE datasets; --", []],
      ['😀', []],
      ['kitchen 😀', ['kitchen']],
      ['!?*"(){}^', []],
      ['𞤀𞤣', []],
      ['漢字', []],
      ['kitchen\0', ['kitchen']],
      ['\0', []],
      ['a\0b', []],
      ['%', []],
    ])('finds by the words of %j, and takes none of it for syntax', async (q, keys) => {
      expect(await found(`q=${encodeURIComponent(q)}`)).toEqual(keys);
    });

    it('filters by task, domain, language and assistance, and by all of them at once', async () => {
      expect(await found('taskType=annotation')).toEqual(['radiology']);
      expect(await found('domain=mathematics')).toEqual(['kitchen']);
      expect(await found(`domain=${encodeURIComponent('medicine/radiology')}&language=pt-BR`)).toEqual(['radiology']);
      expect(await found('domain=mathematics&language=de')).toEqual([]);
      expect(await found('maxAssistance=editing')).toEqual(['kitchen', 'radiology', 'edited']);
      expect(await found('maxAssistance=synthetic&q=prose')).toEqual(['machine', 'edited']);
    });

    it('gives each record once over its pages, newest first, while the log grows', async () => {
      const records = await Promise.all(
        Array.from({ length: 23 }, (_, i) =>
          signed(drafts.record(people.alice.did, `page ${i}`, { keywords: ['paged'] }), people.alice),
        ),
      );
      await batch(registry, records);
      const seen: string[] = [];
      let after = '';
      for (let pages = 0; pages < 20; pages++) {
        const page = await search(`q=paged&limit=5${after}`);
        seen.push(...page.datasets.map(({ id }) => id));
        await log(
          registry,
          await signed(drafts.record(people.alice.did, `meanwhile ${pages}`, { keywords: ['paged'] }), people.alice),
        );
        if (page.next === null) break;
        after = `&after=${page.next}`;
      }
      expect(seen).toEqual(records.map(({ id }) => id).toReversed());
      expect((await search('limit=100')).datasets.length).toBeLessThanOrEqual(100);
    });

    it.each([
      ['limit=0', '/limit'],
      ['limit=101', '/limit'],
      ['limit=many', '/limit'],
      ['after=-1', '/after'],
      ['after=1.5', '/after'],
      ['after=99999999999999999999', '/after'],
      ['taskType=chess', '/taskType'],
      ['language=English', '/language'],
      ['domain=%00', '/domain'],
      ['maxAssistance=lots', '/maxAssistance'],
      ['q=', '/q'],
      [`q=${'a'.repeat(201)}`, '/q'],
      // 100 of them took the database a second among 20,000 records.
      [`q=${'t+'.repeat(9)}`, '/q expected 8 words at most'],
      ['page=2', 'unknown field "page"'],
      ['__proto__=1', /unknown field "__proto__"|\//],
    ])('refuses the query %s, naming the parameter', async (query, names) => {
      await expectProblem(await registry.fetch(`/v1/datasets?${query}`), [400, 'invalid-request', names]);
    });

    it('says what holds of a record: standing, humans, assistance, reviews', async () => {
      const { alice, bob, publisher } = people;
      const work = await log(registry, await signed(drafts.record(bob.did, 'by Bob'), bob));
      const first = await log(registry, await signed(drafts.review(named('kitchen').id), bob));
      await log(registry, await signed(drafts.review(named('kitchen').id, { verdict: 'revise' }), bob));
      await log(registry, await signed(drafts.revocation(first.id), bob));
      const composition = await log(
        registry,
        await signed(
          drafts.composition(publisher.did, [named('kitchen').id, named('machine').id, work.id].toSorted(), {
            name: 'Laundered',
          }),
          publisher,
        ),
      );
      const nested = await log(registry, await signed(drafts.composition(publisher.did, [composition.id]), publisher));

      const one = await getJson<Dataset>(registry, `/v1/datasets/${named('kitchen').id}`);
      expect(one).toMatchObject({
        id: named('kitchen').id,
        index: named('kitchen').index,
        document: named('kitchen').document,
        standing: { state: 'active', because: null, supersededBy: null },
        humans: { min: 1, max: 1 },
        assistance: { worst: 'none', shares: { none: 1 } },
        reviews: { accept: 0, revise: 1, reject: 0 },
      });
      const all = await getJson<Dataset>(registry, `/v1/datasets/${nested.id}`);
      expect(all).toMatchObject({ humans: { min: 2, max: 2 }, assistance: { worst: 'synthetic' } });
      expect(Object.values(all.assistance.shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
      expect(all.assistance.shares.synthetic).toBeCloseTo(1 / 3, 1);
      expect((await search('maxAssistance=editing&q=Laundered')).datasets, 'composition does not launder').toEqual([]);

      const next = await log(
        registry,
        await signed(drafts.record(alice.did, 'kitchen 2', { replaces: named('kitchen').id }), alice),
      );
      await log(registry, await signed(drafts.record(bob.did, 'not by Alice', { replaces: named('kitchen').id }), bob));
      const superseded = await getJson<Dataset>(registry, `/v1/datasets/${named('kitchen').id}`);
      expect(superseded.standing).toMatchObject({ state: 'active', supersededBy: next.id });

      const revocation = await log(registry, await signed(drafts.revocation(work.id), bob));
      const gone = await getJson<Dataset>(registry, `/v1/datasets/${work.id}`);
      expect(gone.standing).toMatchObject({
        state: 'revoked',
        reason: expect.stringContaining('withdrawn') as string,
        because: revocation.id,
      });
      expect((await search('q=by Bob')).datasets.find(({ id }) => id === work.id)?.revoked).toBe(true);
    });

    it.each(['', '/certificate'])('says of /v1/datasets/{id}%s that there is no such record', async (path) => {
      await expectProblem(await registry.fetch(`/v1/datasets/${idOf('nothing')}${path}`), [
        404,
        'not-found',
        'not a dataset record',
      ]);
      await expectProblem(await registry.fetch(`/v1/datasets/${people.credential.id}${path}`), [
        404,
        'not-found',
        'not a dataset record',
      ]);
      await expectProblem(await registry.fetch(`/v1/datasets/1${path}`), [400, 'invalid-request', '/id']);
    });
  });
}
