import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../schemas/limits.ts';
import type { Digest } from '../schemas/primitives.ts';
import { ROW_PROOF_MEDIA_TYPE, type RowProof } from '../schemas/row-proof.ts';
import { digestOfRow, rowsRecord, someRows } from '../test/support/rows.ts';
import { registry } from '../test/support/log.ts';
import { drafts, signed, signerOf } from '../test/support/statements.ts';
import { fromUtf8, toBase64 } from './bytes.ts';
import { digestOf } from './digest.ts';
import { checkpointText } from './log/checkpoint.ts';
import { ED25519, signatureLine, verifierKey } from './log/note.ts';
import type { TrustPolicy } from './log/trust.ts';
import { contentLeaves } from './manifest.ts';
import { proofOf } from './log/merkle.ts';
import { rowDigest } from './rows/row-digests.ts';
import { encodeRowProof, verifyRowProof } from './row-proof.ts';

const ROWS = someRows('proof', 11);
const AT = 6;
const DIGEST = digestOfRow(ROWS[AT] as string) as Digest;

type World = Awaited<ReturnType<typeof registry>>;
let world: World;
let trust: TrustPolicy;
let proof: RowProof;
let text: string;

/** The proof of row 6 of the second of three files, in a log that goes on after it. */
async function prove(): Promise<RowProof> {
  const files = { 'a.jsonl': ['1'], 'b.jsonl': ROWS, 'c.jsonl': ['3', '4'] };
  const { draft, manifest } = rowsRecord(world.alice.did, files);
  const record = world.log.append(await signed(draft, world.alice));
  world.log.append(await signed(drafts.record(world.alice.did, 'later'), world.alice));
  const lines = fromUtf8(manifest) ?? '';
  return {
    mediaType: ROW_PROOF_MEDIA_TYPE,
    row: { digest: DIGEST, index: AT, proof: proofOf(AT, ROWS.map(rowDigest)).map(toBase64) },
    file: { line: lines.split('\n')[2] ?? '', index: 2, proof: proofOf(2, contentLeaves(lines)).map(toBase64) },
    record: { ...record.document },
    receipt: await world.log.receipt(record.index),
  };
}

beforeAll(async () => {
  world = await registry();
  trust = world.log.trust();
  proof = await prove();
  text = encodeRowProof(proof);
});

const outcome = async (of: RowProof | string, row?: string): Promise<string> => {
  const given = typeof of === 'string' ? of : encodeRowProof(of);
  const result = await verifyRowProof(given, { trust, ...(row === undefined ? {} : { row: row as Digest }) });
  return result.ok ? 'proven' : result.reason.code;
};

describe('the proof of a row', () => {
  test('shows whose row it is, in which file of which record, and when the log took that', async () => {
    const result = await verifyRowProof(text, { trust, row: DIGEST });
    expect(result).toMatchObject({
      ok: true,
      value: {
        digest: DIGEST,
        index: AT,
        file: { path: 'b.jsonl', rows: { count: 11, format: 'jsonl' } },
        record: world.log.entries[4]?.id,
        issuer: world.alice.did,
        origin: 'registry.example/log',
        logIndex: 4,
        loggedAt: world.log.entries[4]?.loggedAt,
      },
    });
    expect(text.length).toBeLessThan(8_000);
  });

  test('does not hold for any other row, or for this one with any byte changed', async () => {
    const row = ROWS[AT] as string;
    for (let at = 0; at < row.length; at++) {
      const changed = `${row.slice(0, at)}${String.fromCharCode(row.charCodeAt(at) ^ 1)}${row.slice(at + 1)}`;
      expect(await outcome(text, digestOfRow(changed))).toBe('row.digest');
    }
    expect(await outcome(text, digestOfRow(ROWS[5] as string))).toBe('row.digest');
  });

  /** Another character of the same kind, so that what is wrong is found as deep down as can be. */
  const other = (char: string): string =>
    /[0-8a-eA-Y]/.test(char)
      ? String.fromCharCode(char.charCodeAt(0) + 1)
      : /[9fzZ]/.test(char)
        ? 'b'
        : char === ' '
          ? '_'
          : ' ';

  test('does not hold with any one of its bytes changed', async () => {
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${other(text[at] as string)}${text.slice(at + 1)}`;
      expect(await outcome(changed), changed).not.toBe('proven');
    }
  });

  test('does not hold with anything at all in the place of a part of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.nat(40),
        fc.string({ unit: 'binary', maxLength: 40 }),
        async (at, cut, put) => {
          const bad = `${text.slice(0, at)}${put}${text.slice(at + cut)}`;
          expect((await outcome(bad)) === 'proven').toBe(bad === text);
        },
      ),
      { numRuns: 100 },
    );
  });

  test.each<[what: string, change: (proof: RowProof) => void, code: string]>([
    ['another place in the file', ({ row }) => void (row.index = 7), 'row.inclusion'],
    ['a place past its end', ({ row }) => void (row.index = 11), 'row.inclusion'],
    ['a shorter path', ({ row }) => void row.proof.pop(), 'row.inclusion'],
    ['a node of the tree as a row', ({ row }) => void (row.digest = digestOf('node')), 'row.inclusion'],
    ['another line of the manifest', ({ file }) => void (file.index = 1), 'file.inclusion'],
    ['a line that is none', ({ file }) => void (file.line = '{}'), 'file.inclusion'],
    ['the manifest’s header', ({ file }) => void (file.line = '{"firsthand":"manifest/v1"}'), 'file.inclusion'],
    [
      'a line that is not in it',
      ({ file }) => void (file.line = file.line.replace('b.jsonl', 'd.jsonl')),
      'file.inclusion',
    ],
    [
      'a record that says something else',
      ({ record }) => void (record['validFrom'] = '2026-01-02T00:00:00Z'),
      'statement.digest',
    ],
    ['no record', (all) => void (all.record = {}), 'statement.digest'],
    ['an unknown field', (all) => void Object.assign(all, { more: 1 }), 'proof.format'],
  ])('is refused with %s', async (_what, change, code) => {
    const changed = structuredClone(proof);
    change(changed);
    expect(await outcome(changed)).toBe(code);
  });

  test('is refused with the record of another', async () => {
    const { alice, log } = world;
    const record = { ...log.statements[5]?.document };
    expect(await outcome({ ...proof, record }), 'another than the log’s').toBe('statement.digest');
    expect(await outcome({ ...proof, record, receipt: await log.receipt(5) }), 'without such a file').toBe(
      'file.inclusion',
    );
    const part = await signed(drafts.composition(alice.did, [log.entries[4]?.id as never]), alice);
    const { index } = log.append(part);
    const composed = { ...proof, record: { ...part.document } };
    expect(await outcome({ ...composed, receipt: await log.receipt(index) }), 'without content').toBe('file.inclusion');
    const [credential] = log.statements.slice(3);
    const other = { ...proof, record: { ...credential?.document } };
    expect(await outcome({ ...other, receipt: await log.receipt(3) }), 'that is none').toBe('statement.digest');
  });

  test('is refused in a log that is not trusted, or without its witnesses', async () => {
    const stranger = (await registry()).log;
    const theirs = stranger.trust();
    Object.assign(theirs.logs[0] as object, {
      key: verifierKey('other.example/log', ED25519, stranger.signer.publicKey),
    });
    expect(await verifyRowProof(text, { trust: theirs })).toMatchObject({
      ok: false,
      reason: { code: 'log.checkpoint' },
    });
    const strict = { ...trust, quorum: () => false };
    expect(await verifyRowProof(text, { trust: strict })).toMatchObject({
      ok: false,
      reason: { code: 'log.witnesses' },
    });
  });

  test('is refused with a signature that nobody checks', async () => {
    const eve = await signerOf('eve');
    const key = verifierKey('eve.example/log', ED25519, eve.publicKey);
    const line = signatureLine(key, await eve.sign(new TextEncoder().encode(checkpointText(world.log.head()))));
    expect(await outcome({ ...proof, receipt: `${proof.receipt}${line}` })).toBe('log.checkpoint');
    const twice = proof.receipt.slice(proof.receipt.lastIndexOf('— '));
    expect(await outcome({ ...proof, receipt: `${proof.receipt}${twice}` })).toBe('log.checkpoint');
  });

  test('is refused in any other form than the canonical one, and beyond its bound', async () => {
    expect(await outcome(`${text}\n`)).toBe('proof.format');
    expect(await outcome(`\ufeff${text}`)).toBe('proof.format');
    expect(await outcome(JSON.stringify(proof, null, 1))).toBe('proof.format');
    expect(await outcome(`${text.slice(0, -1)},"row":${JSON.stringify(proof.row)}}`)).toBe('proof.format');
    expect(await outcome(' '.repeat(limits.rowProofBytes + 1))).toBe('proof.format');
    expect(await outcome('['.repeat(100_000))).toBe('proof.format');
  });

  test('of anything at all is a verdict, never an exception', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), async (any) => {
        expect(await outcome(any)).toBe('proof.format');
      }),
    );
    const parts = fc.record({ digest: fc.constant(DIGEST), index: fc.integer(), proof: fc.array(fc.base64String()) });
    await fc.assert(
      fc.asyncProperty(parts, fc.jsonValue(), fc.string(), async (row, record, receipt) => {
        expect(await outcome({ ...proof, row, record: record as never, receipt })).not.toBe('proven');
      }),
    );
  });
});
