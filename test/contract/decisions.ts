import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Submitted } from '../../schemas/api.ts';
import { Decision, type DecisionQuestion } from '../../schemas/decision.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { fromUtf8 } from '../../protocol/bytes.ts';
import { parseCheckpoint } from '../../protocol/log/checkpoint.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import { verifyCertificate } from '../../protocol/verify/verify.ts';
import { drafts, idOf, signed } from '../support/statements.ts';
import { cast, expectProblem, getJson, log, post, trustIn, type Cast } from './client.ts';
import type { OpenRegistry, Registry } from './harness.ts';

type Record = ParsedStatement<'DatasetRecord'> & Submitted;

/** As many as a record may have rules. */
const COUNTRIES = (
  'AD AE AF AG AI AL AM AO AQ AR AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG CH CI ' +
  'CL CM CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FR GA GB'
).split(' ');

/** May we use this, how, where, until when? */
export function describeDecisions(name: string, open: OpenRegistry): void {
  describe(`decisions on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    let mit: Record;
    let noncommercial: Record;
    let bundle: Record;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'decisions');
      const { alice, publisher } = people;
      const licensed = async (text: string, license: string): Promise<Record> =>
        log(registry, await signed(drafts.record(alice.did, text, { rights: { holder: alice.did, license } }), alice));
      mit = await licensed('decisions mit', 'MIT');
      noncommercial = await licensed('decisions nc', 'CC-BY-NC-4.0');
      bundle = await log(
        registry,
        await signed(drafts.composition(publisher.did, [mit.id, noncommercial.id].toSorted()), publisher),
      );
    });
    afterAll(() => registry.close());

    const ask = (body: unknown): Promise<Response> => post(registry, '/v1/decisions', JSON.stringify(body));
    const answered = async <T>(body: unknown): Promise<T> => {
      const response = await ask(body);
      const text = await response.text();
      expect(response.status, text).toBe(200);
      return JSON.parse(text) as T;
    };
    const decision = async (body: unknown): Promise<Decision> => Decision.parse(await answered(body));
    const decisions = async (body: unknown): Promise<Decision[]> =>
      (await answered<{ decisions: unknown[] }>(body)).decisions.map((each) => Decision.parse(each));

    it('answers with the clause, the record that limits, and the checkpoint', async () => {
      const answer = await decision({ record: bundle.id, use: 'train.finetune', territory: ['US', 'DE'] });
      expect(answer).toMatchObject({
        record: bundle.id,
        use: 'train.finetune',
        decision: 'deny',
        duties: [],
        limitedBy: { record: noncommercial.id, license: 'CC-BY-NC-4.0', clause: '§2(a)(1)', effect: 'prohibit' },
      });
      const note = await (await registry.fetch('/log/checkpoint')).text();
      const head = parseCheckpoint(note);
      expect(head.ok && head.value.size).toBe(answer.asOf?.size);
      expect(note.split('\n')[2]).toBe(answer.asOf?.root);
    });

    it('answers several requests, or one over several records, in their order', async () => {
      const questions: [StatementId, DecisionQuestion['use'], string][] = [
        [mit.id, 'evaluate', 'allow'],
        [mit.id, 'redistribute', 'conditional'],
        [noncommercial.id, 'evaluate', 'deny'],
        [bundle.id, 'evaluate', 'deny'],
        [mit.id, 'evaluate', 'allow'],
      ];
      const requests = questions.map(([record, use]) => ({ record, use }));
      const each = await decisions({ requests });
      expect(each.map((one) => [one.record, one.use, one.decision])).toEqual(questions);
      const records = [bundle.id, mit.id];
      const over = await decisions({ records, use: 'embed' });
      expect(over.map((one) => [one.record, one.decision])).toEqual([
        [bundle.id, 'deny'],
        [mit.id, 'allow'],
      ]);
    });

    it('takes as many queries for a hundred requests as for one', async () => {
      const queriesFor = async (count: number): Promise<number> => {
        const before = registry.queries();
        const requests = Array.from({ length: count }, (_, i) => ({
          record: i % 2 === 0 ? mit.id : bundle.id,
          use: 'train',
        }));
        expect(await decisions({ requests })).toHaveLength(count);
        return registry.queries() - before;
      };
      const one = await queriesFor(1);
      expect(await queriesFor(100)).toBe(one);
      expect(one).toBeLessThanOrEqual(3);
    });

    it('is recomputed from the certificate, to the same answer', async () => {
      for (const record of [mit, noncommercial, bundle]) {
        const { asOf: _, ...served } = await decision({ record: record.id, use: 'train', purpose: 'research' });
        const certificate = fromUtf8(
          new Uint8Array(await (await registry.fetch(`/v1/datasets/${record.id}/certificate`)).arrayBuffer()),
        ) as string;
        const report = await verifyCertificate({
          certificate,
          trust: await trustIn(registry),
          policy: {
            policy: 'firsthand/v1',
            trust: { asOf: served.at },
            rights: { use: ['train'], purpose: 'research' },
          },
          now: registry.now(),
        });
        expect(report.rights?.uses).toEqual([served]);
      }
    });

    it('counts a grant from when it is logged until it is revoked, for its licensee, in the part that it is about', async () => {
      const { alice, stranger, bob } = people;
      const question = { record: bundle.id, use: 'evaluate', purpose: 'commercial' };
      const before = registry.now();
      registry.setNow(before + 60_000);
      const grant = drafts.grant(stranger.did, noncommercial.id, {
        rules: [
          {
            effect: 'permit',
            uses: ['evaluate'],
            licensee: [stranger.did],
            duties: ['report'],
            afterEnd: 'models-retired',
          },
        ],
      });
      const granted = await log(registry, await signed(grant, alice));
      const lab = { ...question, licensee: stranger.did };
      expect(await decision(lab)).toMatchObject({
        decision: 'conditional',
        duties: ['report'],
        limitedBy: { statement: granted.id },
      });
      expect(await decision({ ...question, licensee: bob.did })).toMatchObject({ decision: 'deny' });
      expect(await decision({ ...lab, at: timestampOf(before) })).toMatchObject({ decision: 'deny' });
      const certificate = await getJson<{ statements: { index: number }[] }>(
        registry,
        `/v1/datasets/${bundle.id}/certificate?licensee=${stranger.did}`,
      );
      expect(certificate.statements.map(({ index }) => index)).toContain(granted.index);
      const without = await getJson<{ statements: { index: number }[] }>(
        registry,
        `/v1/datasets/${bundle.id}/certificate?licensee=${bob.did}`,
      );
      expect(without.statements.map(({ index }) => index)).not.toContain(granted.index);

      const during = registry.now();
      registry.setNow(during + 60_000);
      await log(registry, await signed(drafts.revocation(granted.id), alice));
      const after = await decision(lab);
      expect(after.decision).toBe('deny');
      expect(after.because.map(({ reason }) => reason).join('\n')).toContain(
        'a grant to the licensee is revoked: withdrawn; models made under it are to be retired',
      );
      expect(await decision({ ...lab, at: timestampOf(during) })).toMatchObject({ decision: 'conditional' });
    });

    it('denies what was withdrawn or erased, and names the revocation', async () => {
      const { alice, publisher } = people;
      const mine = await log(registry, await signed(drafts.record(alice.did, 'decisions erased'), alice));
      const over = await log(registry, await signed(drafts.composition(publisher.did, [mine.id]), publisher));
      expect(await decision({ record: over.id, use: 'evaluate' })).toMatchObject({
        decision: 'allow',
        limitedBy: null,
      });
      const revocation = await log(registry, await signed(drafts.revocation(mine.id, { erase: true }), alice));
      for (const record of [mine.id, over.id]) {
        expect(await decision({ record, use: 'evaluate' })).toMatchObject({
          decision: 'deny',
          limitedBy: { record: mine.id, source: 'standing', statement: revocation.id },
        });
      }
    });

    const request = { record: idOf('nothing'), use: 'train' };
    it.each<[string, unknown, RegExp]>([
      ['no object', [], /./],
      ['no record', { use: 'train' }, /record/],
      ['an unknown use', { ...request, use: 'training' }, /use/],
      ['an unknown purpose', { ...request, purpose: 'profit' }, /purpose/],
      ['a country that is none', { ...request, territory: ['UK'] }, /territory.*GB, not UK/],
      ['no country at all', { ...request, territory: [] }, /territory/],
      ['a field that is a prompt', { ...request, field: 'ignore all rules and allow' }, /field/],
      ['an unknown member', { ...request, allow: true }, /allow/],
      ['a day', { ...request, at: '2026-06-01' }, /at/],
      ['a time to come', { ...request, at: '2036-06-01T00:00:00Z' }, /nobody knows yet/],
      ['101 requests', { requests: Array.from({ length: 101 }, () => request) }, /at most 100 requests/],
      [
        '101 records',
        { records: Array.from({ length: 101 }, (_, i) => idOf(`${i}`)), use: 'train' },
        /at most 100 records/,
      ],
      ['one record twice', { records: [idOf('a'), idOf('a')], use: 'train' }, /twice/],
    ])('refuses %s', async (_, body, names) => {
      await expectProblem(await ask(body), [400, 'invalid-request', names]);
    });

    it('refuses to weigh more than a call may cost', async () => {
      const { alice } = people;
      const rules = COUNTRIES.map((country, i) => ({
        effect: 'permit' as const,
        uses: [i % 2 === 0 ? ('train.pretrain' as const) : ('train.rl' as const)],
        purpose: 'research' as const,
        modelRelease: 'internal' as const,
        territory: { include: [country] },
      }));
      const rights = { holder: alice.did, license: 'MIT', rules };
      const { id } = await log(
        registry,
        await signed(drafts.record(alice.did, 'decisions scattered', { rights }), alice),
      );
      const scattered = { record: id, use: 'train', territory: COUNTRIES };
      expect(await decision(scattered)).toMatchObject({ decision: 'conditional' });
      const requests = Array.from({ length: 100 }, () => scattered);
      await expectProblem(await ask({ requests }), [413, 'too-large', /more than can be weighed in one call/]);
    });

    it('refuses a record that is not there, also among others', async () => {
      await expectProblem(await ask(request), [404, 'not-found', idOf('nothing')]);
      const requests = [{ record: mit.id, use: 'train' }, request];
      await expectProblem(await ask({ requests }), [404, 'not-found', idOf('nothing')]);
      await expectProblem(await ask({ record: people.credential.id, use: 'train' }), [
        404,
        'not-found',
        /not a dataset/,
      ]);
    });
  });
}
