import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy } from '../../schemas/policy.ts';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import { limits } from '../../schemas/limits.ts';
import { Report } from '../../schemas/report.ts';
import { HOUR, MemoryLog, registry } from '../../test/support/log.ts';
import { heldFile } from '../../test/support/row-files.ts';
import { drafts, signed, signerOf, VALID_FROM } from '../../test/support/statements.ts';
import { detailsOf, failuresOf } from '../../test/support/verify.ts';
import { digestOf } from '../digest.ts';
import { canonicalJson } from '../json.ts';
import { encodeManifest, summarizeContent } from '../manifest.ts';
import type { LocalFile } from './content.ts';
import { verifyCertificates, DEFAULT_POLICY } from './verify.ts';

type More = NonNullable<Parameters<typeof drafts.record>[2]>;
const authored = (level: 'none' | 'assisted' | 'synthetic'): More => ({
  authorship: { role: 'author', assistance: { level } },
});
const rowsOf = (name: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `{"${name}":${from + i}}`);

/** A registry with records of rows, all that proves them, and a way to verify a mix. */
async function world() {
  const all = await registry();
  const { log, issuer, alice, bob } = all;
  log.append(await signed(drafts.credential(bob.did, 'Bob'), issuer));
  const segments = new Map<Digest, Uint8Array>();
  const manifests: string[] = [];
  const publish = async (rows: readonly string[], more: More = {}, by = alice) => {
    const { certified, segments: own } = heldFile('rows.jsonl', rows);
    const text = encodeManifest({ files: [certified] });
    manifests.push(text);
    for (const [digest, segment] of own) segments.set(digest, segment);
    const content = { ...summarizeContent(text, { files: [certified] }), visibility: 'public' as const };
    const subject = { id: content.root, name: `rows ${log.entries.length}`, content, ...more };
    return log.append(await signed(drafts.record(by.did, '', subject), by));
  };
  const verify = async (
    records: readonly { id: StatementId }[],
    files: readonly LocalFile[],
    policy: Omit<Policy, 'policy'> = {},
    segment: (digest: Digest) => Uint8Array | null = (digest) => segments.get(digest) ?? null,
  ) => {
    const certificates: string[] = [];
    for (const { id: subject } of records) certificates.push(canonicalJson(await log.certificate({ subject })));
    const verification = await verifyCertificates({
      certificates,
      trust: log.trust(),
      policy: { ...DEFAULT_POLICY, ...policy },
      now: log.now,
      content: { files, manifests, segment: async (digest) => segment(digest) },
    });
    expect(Report.parse(verification.report)).toEqual(verification.report);
    return verification;
  };
  return { ...all, segments, manifests, publish, verify };
}

const mixOf = (...rows: readonly string[][]): LocalFile =>
  heldFile(
    'mix.jsonl',
    rows.flat().toSorted((a, b) => (shuffled(a) < shuffled(b) ? -1 : 1)),
  ).local;
/** Some order that is not the one of publishing. */
const shuffled = (row: string): string => digestOf(row);

describe('rows of a mix', () => {
  test('are told apart by the record that they come from', async () => {
    const { publish, verify, alice, bob } = await world();
    const human = await publish(rowsOf('h', 0, 500));
    const model = await publish(rowsOf('m', 0, 300), authored('synthetic'), bob);
    const mix = mixOf(rowsOf('h', 100, 400), rowsOf('h', 100, 110), rowsOf('m', 0, 50), rowsOf('x', 0, 25));
    const { report, unmatched } = await verify([human, model], [mix], { assistance: { max: 'editing' } });
    expect(report).toMatchObject({ subject: null, subjects: [human.id, model.id], humans: { min: 2, max: 2 } });
    expect(report.coverage).toEqual({
      rows: 385,
      matched: 360,
      unmatched: 25,
      files: 1,
      duplicates: 10,
      refused: 50,
      humans: { min: 2, max: 2 },
      assistance: { none: 310 / 385, synthetic: 50 / 385 },
      byRecord: [
        {
          record: human.id,
          contributor: alice.did,
          rows: 310,
          share: 310 / 385,
          assistance: 'none',
          standing: 'active',
          accepted: true,
        },
        {
          record: model.id,
          contributor: bob.did,
          rows: 50,
          share: 50 / 385,
          assistance: 'synthetic',
          standing: 'active',
          accepted: false,
        },
      ],
    });
    expect(failuresOf(report)).toEqual(['assistance.level', 'content.coverage']);
    expect(unmatched.map(({ count }) => count)).toEqual([25]);
    expect(detailsOf(report, 'content.coverage')).toMatch(
      /^fail: 360 of 385 rows here are certified, 100 % are required/,
    );
    expect(detailsOf(report, 'content.coverage')).toMatch(
      /mix.jsonl: 25 of its 385 rows are in no certified record, the first is row \d+/,
    );
    const clean = await verify([human], [mixOf(rowsOf('h', 3, 77))], { assistance: { max: 'editing' } });
    expect(failuresOf(clean.report)).toEqual([]);
    expect(clean.report.coverage).toMatchObject({ rows: 74, matched: 74, duplicates: 0, humans: { min: 1, max: 1 } });
  });

  test('are counted as a naive program counts them', async () => {
    const { publish, verify } = await world();
    const records = [
      { rows: rowsOf('r', 0, 30), record: await publish(rowsOf('r', 0, 30)) },
      { rows: rowsOf('r', 20, 50), record: await publish(rowsOf('r', 20, 50), authored('assisted')) },
      { rows: rowsOf('r', 0, 10), record: await publish(rowsOf('r', 0, 10), authored('synthetic')) },
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(60), { maxLength: 40 }), { minLength: 1, maxLength: 3 }),
        async (files) => {
          const texts = files.map((numbers) => numbers.map((n) => `{"r":${n}}`));
          const locals = texts.map((rows, i) => heldFile(`${i}.jsonl`, rows).local);
          const { report } = await verify(
            records.map(({ record }) => record),
            locals,
            { content: { minCoverage: 0 } },
          );
          const wholes = new Map(records.toReversed().map(({ rows, record }) => [rows.join(), record.id]));
          const counts = new Map<string, number>();
          for (const rows of texts) {
            for (const row of rows) {
              const owner = wholes.get(rows.join()) ?? records.find((each) => each.rows.includes(row))?.record.id;
              if (owner !== undefined) counts.set(owner, (counts.get(owner) ?? 0) + 1);
            }
          }
          const found = report.coverage?.byRecord.map(({ record, rows }) => [record, rows]) ?? [];
          expect(new Map(found as [string, number][])).toEqual(counts);
          expect(report.coverage?.duplicates).toBe(texts.flat().length - new Set(texts.flat()).size);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('of a file that is certified whole need no list; a list that is there is not asked for', async () => {
    const { publish, verify } = await world();
    const record = await publish(rowsOf('h', 0, 20));
    const asked: Digest[] = [];
    const { report } = await verify([record], [heldFile('renamed.jsonl', rowsOf('h', 0, 20)).local], {}, (digest) => {
      asked.push(digest);
      return null;
    });
    expect(failuresOf(report)).toEqual([]);
    expect(report.coverage).toMatchObject({ rows: 20, matched: 20 });
    expect(asked).toEqual([]);
  });

  test('a changed file is named with what it was, if rows of it are nobody’s', async () => {
    const { publish, verify } = await world();
    const record = await publish(rowsOf('h', 0, 20));
    const { report } = await verify([record], [heldFile('rows.jsonl', [...rowsOf('h', 0, 19), '{"h":"!"}']).local]);
    expect(detailsOf(report, 'content.coverage')).toMatch(
      /rows.jsonl was changed: certified sha256 \w{64}, here \w{64}; 1 of its 20 rows are in no certified record, the first is row 20/,
    );
  });

  test('minCoverage decides over rows; files without any count as one', async () => {
    const { publish, verify } = await world();
    const record = await publish(rowsOf('h', 0, 9));
    const image = { path: 'a.png', bytes: 1, sha256: '0'.repeat(64) };
    const files = [mixOf(rowsOf('h', 0, 8), rowsOf('x', 0, 1)), image];
    const { report, unmatched } = await verify([record], files, { content: { minCoverage: 0.8 } });
    expect(failuresOf(report)).toEqual([]);
    expect(report.coverage).toMatchObject({ rows: 10, matched: 8, unmatched: 2 });
    expect(unmatched.map(({ file, rows }) => [file.path, rows?.size ?? null])).toEqual([
      ['mix.jsonl', 1],
      ['a.png', null],
    ]);
    expect(failuresOf((await verify([record], files, { content: { minCoverage: 0.81 } })).report)).toEqual([
      'content.coverage',
    ]);
    const nothing = await verify([record], [heldFile('empty.jsonl', []).local], { content: { minCoverage: 0 } });
    expect(failuresOf(nothing.report), 'nothing is not everything').toEqual(['content.coverage']);
  });
});

describe('whose a row is', () => {
  test('the oldest record’s: whoever republishes takes nobody’s place', async () => {
    const { publish, verify, bob } = await world();
    const old = await publish(rowsOf('h', 0, 10), authored('synthetic'));
    const copy = await publish(rowsOf('h', 0, 20), {}, bob);
    for (const records of [
      [old, copy],
      [copy, old],
    ]) {
      const { report } = await verify(records, [mixOf(rowsOf('h', 5, 15))]);
      expect(report.coverage?.byRecord.map(({ record, rows }) => [record, rows])).toEqual([
        [old.id, 5],
        [copy.id, 5],
      ]);
    }
  });

  test('nobody’s who only held a place in the log, and published them as a later version', async () => {
    const { publish, verify, bob } = await world();
    const held = await publish(['{"placeholder":1}'], {}, bob);
    const honest = await publish(rowsOf('h', 0, 20));
    const taken = [...rowsOf('h', 0, 20), ...rowsOf('own', 0, 2)];
    const late = await publish(taken, { ...authored('synthetic'), replaces: held.id, version: '2' }, bob);
    const mix = mixOf(rowsOf('h', 3, 9), rowsOf('own', 0, 2), ['{"placeholder":1}']);
    const { report } = await verify([held, honest, late], [mix]);
    expect(report.coverage?.byRecord.map(({ record, rows }) => [record, rows])).toEqual([
      [honest.id, 6],
      [late.id, 2],
      [held.id, 1],
    ]);
  });

  test('its newest version’s, of versions by one signer', async () => {
    const { publish, verify, alice, bob } = await world();
    const first = await publish(rowsOf('h', 0, 10));
    const second = await publish(
      rowsOf('h', 0, 20),
      { ...authored('assisted'), replaces: first.id, version: '2' },
      alice,
    );
    const other = await publish(rowsOf('h', 0, 30), { replaces: first.id, version: '3' }, bob);
    const { report } = await verify([first, second, other], [mixOf(rowsOf('h', 5, 25))]);
    expect(report.coverage?.byRecord).toMatchObject([
      { record: second.id, rows: 15, assistance: 'assisted' },
      { record: other.id, rows: 5 },
    ]);
  });

  test('not those of a version that was withdrawn; of one that was, they are its correction’s', async () => {
    const { publish, verify, log, alice } = await world();
    const first = await publish(rowsOf('h', 0, 10));
    const same = await publish(rowsOf('h', 0, 10), { replaces: first.id, version: '2' });
    const second = await publish(rowsOf('h', 0, 20), { replaces: first.id, version: '3' });
    const third = await publish(rowsOf('h', 0, 12), { replaces: second.id, version: '4' });
    const versions = [first, same, second, third];
    const owners = async () => {
      const { report } = await verify(versions, [mixOf(rowsOf('h', 5, 20))]);
      return report.coverage?.byRecord.map(({ record, rows }) => [versions.findIndex(({ id }) => id === record), rows]);
    };
    const revoke = async ({ id }: { id: StatementId }) =>
      log.append(await signed(drafts.revocation(id, { reason: 'withdrawn' }), alice));
    expect(await owners()).toEqual([
      [2, 8],
      [3, 7],
    ]);
    await revoke(third);
    expect(await owners()).toEqual([[2, 15]]);
    await revoke(second);
    expect(await owners()).toEqual([
      [2, 10],
      [1, 5],
    ]);
    await revoke(same);
    expect(await owners()).toEqual([
      [2, 10],
      [0, 5],
    ]);
  });

  test('people are counted whose rows are here, and those whose work these were made from', async () => {
    const { publish, verify, bob } = await world();
    const source = await publish(rowsOf('s', 0, 10));
    const derived = await publish(
      rowsOf('d', 0, 10),
      { derivedFrom: [{ id: source.id, relation: 'translated' }] },
      bob,
    );
    const demands = { human: { minDistinct: 2 } };
    expect(failuresOf((await verify([derived], [mixOf(rowsOf('d', 0, 5))], demands)).report)).toEqual([]);
    const { report } = await verify([source, derived], [mixOf(rowsOf('s', 0, 5))], demands);
    expect(report).toMatchObject({ humans: { min: 2 }, coverage: { humans: { min: 1, max: 1 } } });
    expect(failuresOf(report)).toEqual(['human.distinct']);
    expect(detailsOf(report, 'human.distinct')).toMatch(/behind what is here: 1, and at least 2/);
  });

  test('rows whose record is revoked, or made of something that is, are refused', async () => {
    const { publish, verify, log, alice, bob } = await world();
    const source = await publish(rowsOf('s', 0, 10));
    const derived = await publish(rowsOf('d', 0, 10), { derivedFrom: [{ id: source.id, relation: 'filtered' }] }, bob);
    const other = await publish(rowsOf('o', 0, 10));
    log.append(await signed(drafts.revocation(source.id), alice));
    const { report } = await verify([derived, other], [mixOf(rowsOf('d', 0, 3), rowsOf('o', 0, 4))]);
    expect(report.coverage).toMatchObject({ matched: 7, refused: 3 });
    expect(report.coverage?.byRecord.map(({ accepted }) => accepted)).toEqual([true, false]);
    expect(failuresOf(report)).toEqual(['standing']);
  });
});

describe('row-digest lists prove themselves', () => {
  const cases: [string, (good: Uint8Array) => Uint8Array | null, RegExp][] = [
    ['not there', () => null, /is not at hand: 10 rows/],
    ['one row short', (good) => good.slice(32), /has 288 bytes, 320 are due/],
    ['one row more', (good) => Uint8Array.from([...good, ...good.slice(0, 32)]), /has 352 bytes/],
    ['one byte short', (good) => good.slice(1), /has 319 bytes/],
    ['of other rows', (good) => good.map((byte) => byte ^ 1), /hashes to something else/],
    ['empty', () => new Uint8Array(), /has 0 bytes/],
  ];
  test.for(cases)('one that is %s certifies nothing, and is named', async ([, change, detail]) => {
    const { publish, verify } = await world();
    const bad = await publish(rowsOf('b', 0, 10));
    const good = await publish(rowsOf('g', 0, 10));
    const [digest, list] = [...heldFile('', rowsOf('b', 0, 10)).segments][0] as [Digest, Uint8Array];
    const others = heldFile('', rowsOf('g', 0, 10)).segments;
    const files = [mixOf(rowsOf('b', 0, 4), rowsOf('g', 0, 6))];
    const { report } = await verify([bad, good], files, {}, (asked) =>
      asked === digest ? change(list) : (others.get(asked) ?? null),
    );
    expect(report.coverage).toMatchObject({ matched: 6, unmatched: 4 });
    expect(failuresOf(report)).toEqual(['content.coverage']);
    expect(detailsOf(report, 'content.rows')).toMatch(detail);
    expect(report.checks.find(({ id }) => id === 'content.rows')?.statement).toBe(bad.id);
  });
});

test('a list that is said to have many counts is read once, and counts for whoever has the right one', async () => {
  const { publish, verify, manifests, log, bob } = await world();
  const rows = rowsOf('a', 0, 10);
  const { certified } = heldFile('', rows);
  const addressed = certified.rows as NonNullable<typeof certified.rows>;
  const liars = Array.from({ length: 50 }, (_, i) => ({
    ...certified,
    path: `${i}.jsonl`,
    sha256: digestOf(`${i}`).slice('sha256:'.length),
    rows: { ...addressed, count: i + 20 },
  }));
  const text = encodeManifest({ files: liars });
  manifests.push(text);
  const content = { ...summarizeContent(text, { files: liars }), visibility: 'public' as const };
  const bad = log.append(await signed(drafts.record(bob.did, '', { id: content.root, content }), bob));
  const good = await publish(rows);
  const [list] = heldFile('', rows).segments.values();
  let reads = 0;
  const { report } = await verify([bad, good], [mixOf(rows.slice(0, 4))], {}, () => {
    reads++;
    return list ?? null;
  });
  expect(failuresOf(report)).toEqual([]);
  expect(report.coverage?.byRecord.map(({ record }) => record)).toEqual([good.id]);
  expect(reads).toBe(2);
});

describe('certificates together', () => {
  test('a revocation that one of them knows of counts for all, also those saved before it', async () => {
    const { publish, log, alice } = await world();
    const first = await publish(rowsOf('a', 0, 3));
    const saved = canonicalJson(await log.certificate({ subject: first.id }));
    const second = await publish(rowsOf('b', 0, 3));
    const before = canonicalJson(await log.certificate({ subject: second.id }));
    const judge = async (certificates: string[], policy: Partial<Policy> = {}) =>
      (
        await verifyCertificates({
          certificates,
          trust: log.trust(),
          policy: { ...DEFAULT_POLICY, ...policy },
          now: log.now,
        })
      ).report;
    expect(failuresOf(await judge([saved, before]))).toEqual([]);
    log.append(await signed(drafts.revocation(first.id), alice));
    const after = canonicalJson(await log.certificate({ subject: second.id }));
    expect(failuresOf(await judge([saved]))).toEqual([]);
    expect(failuresOf(await judge([saved, after]))).toEqual(['standing']);
    expect(failuresOf(await judge([after, saved]))).toEqual(['standing']);
    // The status list of one says so, though nobody carries the revocation.
    const bare = canonicalJson(await log.certificate({ subject: second.id, omit: [log.entries.length - 1] }));
    const report = await judge([saved, bare]);
    expect(failuresOf(report)).toEqual(['standing']);
    expect(detailsOf(report, 'standing')).toContain(`${first.id} is revoked by its status list`);
  });

  test('what is fresh in one is fresh for all that its status lists cover', async () => {
    const { publish, log } = await world();
    const first = await publish(rowsOf('a', 0, 3));
    const saved = canonicalJson(await log.certificate({ subject: first.id }));
    log.append(
      await signed(drafts.accreditation((await signerOf('x')).did), await signerOf('operator')),
      log.now + 1000 * HOUR,
    );
    const second = await publish(rowsOf('b', 0, 3));
    const fresh = canonicalJson(await log.certificate({ subject: second.id }));
    const policy = { ...DEFAULT_POLICY, trust: { statusMaxAge: '24h' } };
    const judge = async (certificates: string[]) =>
      failuresOf((await verifyCertificates({ certificates, trust: log.trust(), policy, now: log.now })).report);
    expect(await judge([saved])).toEqual(['freshness']);
    expect(await judge([saved, fresh])).toEqual([]);
  });

  test('a damaged one among good ones fails, and is named; the rest is judged', async () => {
    const { publish, verify, log } = await world();
    const good = await publish(rowsOf('a', 0, 3));
    const bad = canonicalJson(await log.certificate({ subject: good.id }));
    const { report: alone } = await verify([good], [mixOf(rowsOf('a', 0, 2))]);
    expect(failuresOf(alone)).toEqual([]);
    const elsewhere = new MemoryLog(await signerOf('log'), 'elsewhere.example/log');
    elsewhere.append(await signed(drafts.accreditation((await signerOf('operator')).did), await signerOf('operator')));
    const foreign = canonicalJson(await elsewhere.certificate({ subject: good.id, statusSigner: null }));
    const cases: [string, string, RegExp][] = [
      ['garbage', 'certificate.format', /^fail: certificate 2: not JSON/i],
      [bad.replace(/"rows \d+"/, '"other"'), 'statement.digest', /fail: certificate 2, of sha256:/],
      [foreign, 'log.checkpoint', /fail: certificate 2, of sha256:/],
    ];
    for (const [text, check, detail] of cases) {
      const { report } = await verifyCertificates({
        certificates: [bad, text],
        trust: log.trust(),
        policy: DEFAULT_POLICY,
        now: log.now,
      });
      expect(failuresOf(report)).toEqual([check]);
      expect(detailsOf(report, check as 'standing')).toMatch(detail);
      expect(report.humans).toEqual({ min: 1, max: 1 });
    }
  });

  test('two trees of one size, or two entries at one index, are a fork', async () => {
    const { publish, log, alice, operator, service, issuer } = await world();
    const first = await publish(rowsOf('a', 0, 3));
    const fork = new MemoryLog(log.signer);
    for (const statement of log.statements.slice(0, -1)) fork.append(statement);
    const second = fork.append(await signed(drafts.record(alice.did, 'b'), alice));
    expect([operator, service, issuer]).toHaveLength(3);
    const certificates = [
      canonicalJson(await log.certificate({ subject: first.id })),
      canonicalJson(await fork.certificate({ subject: second.id })),
    ];
    const { report } = await verifyCertificates({
      certificates,
      trust: log.trust(),
      policy: DEFAULT_POLICY,
      now: log.now,
    });
    expect(failuresOf(report)).toContain('log.checkpoint');
    expect(detailsOf(report, 'log.checkpoint')).toMatch(/two different trees of size 6[\s\S]*proves sha256:/);
  });

  test('one given twice is one; none, or too many, is a report', async () => {
    const { publish, log } = await world();
    const record = await publish(rowsOf('a', 0, 3));
    const text = canonicalJson(await log.certificate({ subject: record.id }));
    const judge = async (certificates: string[]) =>
      (await verifyCertificates({ certificates, trust: log.trust(), policy: DEFAULT_POLICY, now: log.now })).report;
    expect(await judge([text, text])).toEqual(await judge([text]));
    expect(await judge([text, `${text} `])).toMatchObject({ verdict: 'pass', subject: record.id });
    expect(failuresOf(await judge([]))).toEqual(['lineage.complete']);
    const many = Array.from({ length: limits.certificates + 1 }, (_, i) => `${i}`);
    expect(failuresOf(await judge(many))).toEqual(['certificate.format']);
  });

  test('each record of a mix needs reviews of its own', async () => {
    const { publish, verify, log, issuer, carol } = await world();
    log.append(
      await signed(
        drafts.credential(carol.did, 'Carol', {
          verification: { framework: 'nist-800-63-4', level: 'IAL2', method: 'in-person', verifiedAt: VALID_FROM },
        }),
        issuer,
      ),
    );
    const [first, second] = [await publish(rowsOf('a', 0, 3)), await publish(rowsOf('b', 0, 3))];
    const files = [mixOf(rowsOf('a', 0, 2), rowsOf('b', 0, 2))];
    const policy = { review: { min: 1, independent: true } };
    log.append(await signed(drafts.review(first.id), carol));
    const { report } = await verify([first, second], files, policy);
    expect(report.checks.filter(({ outcome }) => outcome === 'fail').map(({ statement }) => statement)).toEqual([
      second.id,
      second.id,
    ]);
    expect(report.coverage).toMatchObject({ refused: 2 });
    log.append(await signed(drafts.review(second.id), carol));
    expect(failuresOf((await verify([first, second], files, policy)).report)).toEqual([]);
  });

  test('each record of a mix is decided by its own rights, and the worst counts', async () => {
    const { publish, verify, alice } = await world();
    const under = (license: string): More => ({ rights: { holder: alice.did, license } });
    const free = await publish(rowsOf('a', 0, 3), under('MIT'));
    const closed = await publish(rowsOf('b', 0, 3), under('CC-BY-NC-4.0'));
    const policy = { rights: { use: ['evaluate' as const, 'redistribute' as const], purpose: 'commercial' as const } };
    const files = [mixOf(rowsOf('a', 0, 2), rowsOf('b', 0, 2))];
    for (const order of [
      [free, closed],
      [closed, free],
    ]) {
      const { report } = await verify(order, files, policy);
      expect(failuresOf(report)).toEqual(['rights.decision']);
      expect(report.rights?.decision).toBe('deny');
      expect(report.rights?.uses.map(({ record, use, decision }) => [record, use, decision])).toEqual(
        order.flatMap(({ id }) =>
          id === free.id
            ? [
                [id, 'evaluate', 'allow'],
                [id, 'redistribute', 'conditional'],
              ]
            : [
                [id, 'evaluate', 'deny'],
                [id, 'redistribute', 'deny'],
              ],
        ),
      );
      expect(report.checks.filter(({ outcome }) => outcome === 'fail').map(({ statement }) => statement)).toEqual([
        closed.id,
        closed.id,
      ]);
      expect(report.coverage).toMatchObject({ matched: 4, refused: 2 });
    }
    const { report } = await verify([free], [mixOf(rowsOf('a', 0, 2))], policy);
    expect(failuresOf(report)).toEqual([]);
    expect(report.rights?.decision).toBe('conditional');
  });

  test('the rows of every part that refuses are refused, whichever refuses most', async () => {
    const { publish, verify, log, alice } = await world();
    const licences = ['MIT', 'CC-BY-NC-4.0', 'CC-BY-NC-4.0', 'OFL-1.1'];
    const names = ['a', 'b', 'c', 'd'];
    const parts = [];
    for (const [i, license] of licences.entries()) {
      parts.push(await publish(rowsOf(names[i] as string, 0, 3), { rights: { holder: alice.did, license } }));
    }
    const ids = parts.map(({ id }) => id);
    const bundle = log.append(await signed(drafts.composition(alice.did, ids), alice));
    const policy = { rights: { use: ['train' as const], purpose: 'commercial' as const } };
    const { report } = await verify([bundle], [mixOf(...names.map((name) => rowsOf(name, 0, 2)))], policy);
    expect(failuresOf(report)).toEqual(['rights.decision']);
    const accepted = report.coverage?.byRecord.map((each) => [each.record, each.accepted]);
    expect(new Map(accepted as [string, boolean][])).toEqual(new Map(ids.map((id, i) => [id, i === 0])));
    expect(report.coverage).toMatchObject({ matched: 8, refused: 6 });
  });
});
