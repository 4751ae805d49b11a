import { describe, expect, test } from 'vitest';
import { verifySignature } from '../ed25519/verify.ts';
import { registry } from '../../test/support/log.ts';
import { signerOf } from '../../test/support/statements.ts';
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { COSIGNATURE, ED25519, encodeVkey, verifierKey } from './note.ts';
import { judgeCheckpoint, parseTrustPolicy, type TrustPolicy } from './trust.ts';

const vkey = async (name: string, type: typeof ED25519 | typeof COSIGNATURE, key = name): Promise<string> =>
  encodeVkey(verifierKey(name, type, (await signerOf(key)).publicKey));
const LOG = await vkey('registry.example/log', ED25519, 'log');
const W = await Promise.all(['w1', 'w2', 'w3', 'w4'].map((name) => vkey(name, COSIGNATURE)));
const WITNESSES = W.map((key, i) => `witness w${i + 1} ${key}\n`).join('');
const BASE = `log ${LOG}\n${WITNESSES}`;

const trustOf = (text: string): TrustPolicy => {
  const trust = parseTrustPolicy(text);
  if (!trust.ok) throw new Error(trust.reason);
  return trust.value;
};

describe('trust files', () => {
  test('comments, blank lines, URLs and any white space', () => {
    const trust = trustOf(`# ours\n\n  log\t${LOG}   https://registry.example/log \r\nquorum none`);
    expect(trust.logs).toMatchObject([{ key: { name: 'registry.example/log' }, url: 'https://registry.example/log' }]);
    expect([trust.quorumName, trust.quorum(new Set())]).toEqual(['none', true]);
  });

  test('thirty-two of everything', async () => {
    const names = Array.from({ length: 32 }, (_, i) => `n${i}`);
    const logs = await Promise.all(names.map(async (name) => `log ${await vkey(name, ED25519)}\n`));
    const witnesses = await Promise.all(
      names.map(async (name) => `witness ${name} ${await vkey(name, COSIGNATURE)}\n`),
    );
    const groups = names.map((name) => `group g-${name} any ${name}\n`);
    const trust = trustOf(`${[...logs, ...witnesses, ...groups].join('')}quorum g-n31\n`);
    expect([trust.logs.length, trust.witnesses.length]).toEqual([32, 32]);
  });

  test.for<[string, RegExp]>([
    ['', /no quorum/],
    [`log ${LOG}\n`, /no quorum/],
    ['quorum none\n', /no log/],
    [`${BASE}quorum none\nquorum none\n`, /line 7: a second quorum/],
    [`${BASE}quorum\n`, /names one/],
    [`${BASE}quorum w1 w2\n`, /names one/],
    [`${BASE}quorum w9\n`, /w9 is not defined/],
    [`quorum w1\n${BASE}`, /line 1: w1 is not defined/],
    [`log ${LOG}\nlog ${LOG}\nquorum none\n`, /line 2: gives a key twice/],
    [`${BASE}witness other ${W[0]}\nquorum none\n`, /gives a key twice/],
    [`${BASE}witness w1 ${W[0]}\nquorum none\n`, /key twice|taken/],
    [`log ${W[0]}\nquorum none\n`, /a log has a key of type 4/],
    [`log ${LOG}\nwitness w ${LOG}\nquorum none\n`, /a witness has a key of type 1/],
    ['log nonsense\nquorum none\n', /line 1: its key/],
    ['log\nquorum none\n', /its key/],
    ['witness w\nquorum none\n', /its key/],
    [`log ${LOG} https://a.example extra\nquorum none\n`, /too many words/],
    [`${BASE}group g 2 w1\nquorum g\n`, /impossible threshold/],
    [`${BASE}group g 0 w1\nquorum g\n`, /impossible threshold/],
    [`${BASE}group g 01 w1\nquorum g\n`, /impossible threshold/],
    [`${BASE}group g most w1\nquorum g\n`, /impossible threshold/],
    [`${BASE}group g any\nquorum g\n`, /no members/],
    [`${BASE}group g any g\nquorum g\n`, /g is not defined/],
    [`${BASE}group g any w1\ngroup g any w2\nquorum g\n`, /name g is taken/],
    [`${BASE}group none any w1\nquorum none\n`, /name none is taken/],
    [`${BASE}group g any w1\ngroup h any w1\nquorum h\n`, /w1 is in a group already/],
    [`${BASE}group g all w1 w1\nquorum g\n`, /w1 is in a group already/],
    [`${BASE}Quorum none\n`, /unknown keyword/],
    [`${BASE}quorum none # really\n`, /names one/],
  ])('case %#: %j is refused: %s', ([text, reason]) =>
    expect(parseTrustPolicy(text)).toMatchObject({ ok: false, reason }),
  );
});

describe('quorums', () => {
  const cosigners = (...indices: number[]): Set<string> => new Set(indices.map((i) => W[i - 1] as string));

  test.for<[string, number[][], number[][]]>([
    ['quorum w2\n', [[2], [1, 2]], [[], [1]]],
    ['group g any w1 w2\nquorum g\n', [[1], [2]], [[], [3]]],
    [
      'group g all w1 w2 w3\nquorum g\n',
      [[1, 2, 3]],
      [
        [1, 2],
        [1, 2, 4],
      ],
    ],
    [
      'group g 2 w1 w2 w3\nquorum g\n',
      [
        [1, 3],
        [1, 2, 3],
      ],
      [[1], [1, 4]],
    ],
    [
      'group a any w1 w2\ngroup b all w3 w4\ngroup c all a b\nquorum c\n',
      [
        [1, 3, 4],
        [2, 3, 4],
      ],
      [
        [1, 2, 3],
        [3, 4],
      ],
    ],
  ])('%s', ([text, enough, tooFew]) => {
    const trust = trustOf(`${BASE}${text}`);
    for (const set of enough) expect(trust.quorum(cosigners(...set)), `${set}`).toBe(true);
    for (const set of tooFew) expect(trust.quorum(cosigners(...set)), `${set}`).toBe(false);
  });

  test('count keys, not the four bytes of a key id, which anyone can make collide', () => {
    const trust = trustOf(`${BASE}group g 2 w1 w2\nquorum g\n`);
    const ids = trust.witnesses.slice(0, 2).map(({ key }) => key.id);
    expect(trust.quorum(new Set(ids))).toBe(false);
  });
});

const { log } = await registry();

describe('judgeCheckpoint', () => {
  const witness = async (name: string, seconds = 1_800_000_000) => ({ name, signer: await signerOf(name), seconds });
  const checkpointOf = async (...names: string[]): Promise<Checkpoint> => {
    const parsed = parseCheckpoint(await log.checkpoint(await Promise.all(names.map((name) => witness(name)))));
    if (!parsed.ok) throw new Error(parsed.reason);
    return parsed.value;
  };
  const trust = trustOf(`${BASE}group g 2 w1 w2 w3\nquorum g\n`);
  const judged = async (checkpoint: Checkpoint, by = trust) => {
    const { log: signed, quorum } = await judgeCheckpoint(checkpoint, by, verifySignature);
    return { log: signed.ok, quorum: quorum.ok };
  };

  test('signed by its log and cosigned by a quorum', async () => {
    expect(await judged(await checkpointOf('w1', 'w3'))).toEqual({ log: true, quorum: true });
  });

  test('too few witnesses, one witness twice, or a stranger: the log is right, the quorum is not', async () => {
    for (const names of [[], ['w1'], ['w1', 'w1'], ['w1', 'stranger'], ['w1', 'w4']]) {
      expect(await judged(await checkpointOf(...names)), names.join()).toEqual({ log: true, quorum: false });
    }
  });

  test('another log, or another key under its name', async () => {
    const elsewhere = trustOf(`log ${await vkey('elsewhere.example', ED25519, 'log')}\nquorum none\n`);
    expect(await judged(await checkpointOf(), elsewhere)).toEqual({ log: false, quorum: false });
    const rekeyed = trustOf(`log ${await vkey('registry.example/log', ED25519, 'other')}\nquorum none\n`);
    expect(await judged(await checkpointOf(), rekeyed)).toEqual({ log: false, quorum: false });
  });

  test('witnesses cannot stand in for the log', async () => {
    const { note, ...head } = await checkpointOf('w1', 'w2');
    const unsigned = { ...head, note: { ...note, signatures: note.signatures.slice(1) } };
    expect(await judged(unsigned)).toEqual({ log: false, quorum: true });
  });

  test('a known witness with a wrong signature rejects the checkpoint', async () => {
    const { note, ...head } = await checkpointOf('w1', 'w2');
    const [first, second, third] = note.signatures as [
      (typeof note.signatures)[0],
      (typeof note.signatures)[0],
      (typeof note.signatures)[0],
    ];
    const forged = {
      ...head,
      note: { ...note, signatures: [first, { ...second, signature: third.signature }, third] },
    };
    expect(await judged(forged)).toEqual({ log: false, quorum: false });
  });
});
