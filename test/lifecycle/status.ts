import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Did } from '../../schemas/primitives.ts';
import { StatusListCredential } from '../../schemas/status-list.ts';
import { ED25519, verifierKey } from '../../protocol/log/note.ts';
import { openStatusList } from '../../protocol/status-list.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { maintain } from '../../worker/maintenance.ts';
import { refreshStatusLists } from '../../worker/status/refresh.ts';
import { createStatusLists, REFRESH } from '../../worker/status/status.ts';
import { cast, getJson, log, sizeOf, type Cast } from '../contract/client.ts';
import { openRegistry, type Platform, type Registry } from '../contract/harness.ts';
import { depsOver, ORIGIN } from '../support/deps.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';

/** How often status lists are signed, by whom, and what they then show. */
export function describeStatus(name: string, openPlatform: () => Promise<Platform>): void {
  describe(`status lists on ${name}`, () => {
    let platform: Platform;
    let registry: Registry;
    let people: Cast;
    let signatures = 0;
    beforeAll(async () => {
      platform = await openPlatform();
      registry = await openRegistry(platform);
      people = await cast(registry, 'status');
    });
    afterAll(() => registry.close());

    /** Another process over the same database, that counts what it signs. */
    async function another(service = 'service') {
      const signer = await signerOf(service);
      const counting = {
        ...signer,
        sign: (bytes: Parameters<typeof signer.sign>[0]) => (signatures++, signer.sign(bytes)),
      };
      const sequencer = { append: async () => [] };
      return depsOver(platform, { sequencer, now: registry.now, service: counting });
    }
    const signedBy = async (run: () => Promise<unknown>): Promise<number> => {
      const before = signatures;
      await run();
      return signatures - before;
    };
    const add = async (text: string) =>
      log(registry, await signed(drafts.record(people.alice.did, text), people.alice));
    const served = async () => StatusListCredential.parse(await getJson(registry, '/v1/status/0'));

    it('are signed once for everybody, however many ask and however the log grows meanwhile', async () => {
      const deps = await another();
      registry.setNow(registry.now() + 2 * REFRESH);
      const lists = createStatusLists(deps);
      const size = await sizeOf(registry);
      const ask = (of = lists, at = size) => of([{ list: 0, covering: 2 }], at);
      expect(await signedBy(() => Promise.all(Array.from({ length: 200 }, () => ask()))), 'at once').toBe(1);
      expect(await signedBy(async () => ask(createStatusLists(deps))), 'by another process').toBe(0);
      await add('growth');
      expect(await signedBy(() => ask(lists, size + 1)), 'of what is old').toBe(0);
      const [newer] = await lists([{ list: 0, covering: size }], size + 1);
      expect(newer?.credentialSubject.log.size, 'of what is new').toBe(size + 1);
      expect(await signedBy(() => ask()), 'the older one still serves who read an older log').toBe(0);
    });

    it('never show more of the log than they are asked to', async () => {
      const lists = createStatusLists(await another());
      const size = await sizeOf(registry);
      const doomed = await add('doomed');
      await log(registry, await signed(drafts.revocation(doomed.id), people.alice));
      const [now] = await lists([{ list: 0, covering: size + 1 }], size + 2);
      const [then] = await lists([{ list: 0, covering: 0 }], size + 1);
      const isRevoked = [now, then].map((list) => {
        const opened = openStatusList(StatusListCredential.parse(list));
        return opened.ok && opened.value.isRevoked(doomed.index);
      });
      expect(isRevoked).toEqual([true, false]);
    });

    it('are served as they are until a revocation or their age overtakes them', async () => {
      const first = await served();
      await add('one more');
      expect(await served(), 'one more record').toEqual(first);
      const doomed = await add('one less');
      await log(registry, await signed(drafts.revocation(doomed.id), people.alice));
      const second = await served();
      expect(second).not.toEqual(first);
      registry.setNow(registry.now() + REFRESH - 1);
      expect(await served()).toEqual(second);
      registry.setNow(registry.now() + 1);
      expect((await served()).validFrom > second.validFrom).toBe(true);
    });

    it('are refreshed ahead of those who ask, and only when it is due', async () => {
      const deps = await another();
      registry.setNow(registry.now() + REFRESH);
      expect(await signedBy(() => maintain(deps))).toBe(1);
      expect(await signedBy(() => maintain(deps)), 'at once again').toBe(0);
      const list = await served();
      expect(logTimeOf(registry.now()).startsWith(list.validFrom.slice(0, 19)), 'what it signed is served').toBe(true);
      const doomed = await add('fallen');
      await log(registry, await signed(drafts.revocation(doomed.id), people.alice));
      expect(await signedBy(() => refreshStatusLists(deps)), 'overtaken').toBe(1);
      registry.setNow(registry.now() + 0.6 * REFRESH);
      expect(await signedBy(() => refreshStatusLists(deps)), 'too old before the next run').toBe(1);
    });

    it('by another key, or from a clock that ran ahead, are signed anew', async () => {
      const now = registry.now();
      registry.setNow(now + 20 * REFRESH);
      await refreshStatusLists(await another());
      registry.setNow(now);
      expect(Date.parse((await served()).validFrom)).toBeLessThanOrEqual(now);
      const rotated = await another('a new service key');
      expect(await signedBy(() => refreshStatusLists(rotated))).toBe(1);
      const [list] = await createStatusLists(rotated)([{ list: 0, covering: 0 }], await sizeOf(registry));
      expect(list?.issuer).toBe((await signerOf('a new service key')).did satisfies Did);
      expect((await served()).issuer, 'and nobody serves another’s').toBe((await signerOf('service')).did);
      const elsewhere = { ...rotated, logKey: verifierKey(`${ORIGIN}2`, ED25519, (await signerOf('log')).publicKey) };
      expect(await signedBy(() => createStatusLists(elsewhere)([{ list: 0, covering: 0 }], 3))).toBe(1);
    });

    it('survive a database that keeps nothing', async () => {
      const deps = await another();
      const events: unknown[] = [];
      const database = {
        ...deps.database,
        all: deps.database.all.bind(deps.database),
        batch: async () => Promise.reject(new Error('full')),
      };
      registry.setNow(registry.now() + 2 * REFRESH);
      const lists = createStatusLists({ ...deps, database, log: (event) => void events.push(event) });
      expect(await lists([{ list: 0, covering: 0 }], await sizeOf(registry))).toHaveLength(1);
      expect(events).toEqual([{ event: 'status-not-stored', message: 'full' }]);
    });
  });
}
