import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RightsExport, type ExportFormat } from '../../schemas/rights-export.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { COUNTRIES } from '../../schemas/country.ts';
import { drafts, idOf, signed } from '../support/statements.ts';
import { cast, expectProblem, log, type Cast } from './client.ts';
import type { OpenRegistry, Registry } from './harness.ts';

/** What may be done, in the words of others. */
export function describeExports(name: string, open: OpenRegistry): void {
  describe(`exports of rights on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    let free: StatementId;
    let bundle: StatementId;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'exports');
      free = await licensed('exports cc0', 'CC0-1.0');
      const noncommercial = await licensed('exports nc', 'CC-BY-NC-4.0');
      const parts = [free, noncommercial].toSorted();
      const { publisher } = people;
      bundle = (await log(registry, await signed(drafts.composition(publisher.did, parts), publisher))).id;
    });
    afterAll(() => registry.close());

    const licensed = async (text: string, license: string, rules?: RightsRule[]): Promise<StatementId> => {
      const { alice } = people;
      const rights = { holder: alice.did, license, ...(rules === undefined ? {} : { rules }) };
      return (await log(registry, await signed(drafts.record(alice.did, text, { rights }), alice))).id;
    };
    const get = (id: string, format: string): Promise<Response> =>
      registry.fetch(`/v1/datasets/${id}/rights/${format}`);
    const exported = async (id: string, format: ExportFormat): Promise<RightsExport> => {
      const response = await get(id, format);
      const text = await response.text();
      expect(response.status, text).toBe(200);
      expect(response.headers.get('Cache-Control')).toBe('public, max-age=5');
      return RightsExport.parse(JSON.parse(text));
    };

    it('says what may be done in every format, over the whole lineage', async () => {
      expect(await exported(free, 'aipref')).toMatchObject({
        format: 'aipref',
        version: 'draft-ietf-aipref-vocab-08',
        document: 'train-ai=y, ai-use=y, search=y',
      });
      const aipref = await exported(bundle, 'aipref');
      expect(aipref.document).toBe('train-ai=n, ai-use=n, search=n');
      expect(aipref.lost.join('\n')).toContain('for noncommercial purposes: permitted, to give credit');
      expect(await exported(bundle, 'cawg')).toMatchObject({ document: { label: 'cawg.training-mining' } });
      expect(await exported(bundle, 'tdmrep')).toMatchObject({ document: { headers: { 'tdm-reservation': '1' } } });
      expect((await exported(bundle, 'rsl')).document).toContain('<prohibits type="usage">all</prohibits>');
      expect((await exported(bundle, 'odrl')).document).toMatchObject({ '@type': 'odrl:Offer' });
      expect((await exported(bundle, 'croissant')).document).toMatchObject({
        conformsTo: 'http://mlcommons.org/croissant/1.1',
        usageInfo: { '@type': ['CreativeWork', 'odrl:Offer'] },
      });
    });

    it('has no document where nothing can be said, and denies what was erased', async () => {
      const unknown = await licensed('exports unknown', 'Aladdin');
      expect(await exported(unknown, 'cawg')).toMatchObject({ document: null });
      const erased = await licensed('exports erased', 'CC0-1.0');
      await log(registry, await signed(drafts.revocation(erased, { erase: true }), people.alice));
      expect((await exported(erased, 'aipref')).document).toBe('train-ai=n, ai-use=n, search=n');
      expect((await exported(erased, 'odrl')).document).toBeNull();
    });

    it('takes three queries', async () => {
      const before = registry.queries();
      await exported(bundle, 'odrl');
      expect(registry.queries() - before).toBeLessThanOrEqual(3);
    });

    it('refuses what is no format, no id, and no record', async () => {
      await expectProblem(await get(free, 'drm'), [400, 'invalid-request', /format/]);
      await expectProblem(await get('sha256:abc', 'aipref'), [400, 'invalid-request', /id/]);
      await expectProblem(await get(idOf('nothing'), 'aipref'), [404, 'not-found', idOf('nothing')]);
      await expectProblem(await get(people.credential.id, 'aipref'), [404, 'not-found', /not a dataset/]);
    });

    it('refuses to weigh more than a call may cost', async () => {
      const rules = COUNTRIES.slice(0, 20).flatMap((country): RightsRule[] => [
        {
          effect: 'permit',
          uses: ['train.rl'],
          purpose: 'research',
          modelRelease: 'internal',
          territory: { include: [country] },
        },
        { effect: 'prohibit', uses: ['evaluate'], purpose: 'commercial', field: { include: ['war'] } },
      ]);
      const parts: StatementId[] = [];
      for (let i = 0; i < 45; i++) parts.push(await licensed(`exports scattered ${i}`, 'CC-BY-NC-4.0', rules));
      const { publisher } = people;
      const draft = drafts.composition(publisher.did, parts.toSorted());
      const { id } = await log(registry, await signed(draft, publisher));
      await expectProblem(await get(id, 'rsl'), [413, 'too-large', /export offline/]);
      expect((await exported(parts[0] as StatementId, 'odrl')).document).not.toBeNull();
    });
  });
}
