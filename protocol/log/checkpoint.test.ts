import { describe, expect, test } from 'vitest';
import { toBase64 } from '../bytes.ts';
import { HOUR, MemoryLog, registry, START } from '../../test/support/log.ts';
import { signerOf } from '../../test/support/statements.ts';
import { checkpointText, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
import { entryText, parseEntry } from './entry.ts';
import { EMPTY_ROOT, leafHash } from './merkle.ts';
import { signNote } from './note.ts';
import { encodeReceipt, parseReceipt, provesInclusion } from './receipt.ts';

const ORIGIN = 'registry.example/log';
const ROOT = toBase64(leafHash(new Uint8Array()));
const noteOf = async (text: string): Promise<string> => signNote(text, ORIGIN, await signerOf('log'));

describe('checkpoints', () => {
  test('are three lines: origin, size, root', async () => {
    const head = { origin: ORIGIN, size: 1, root: leafHash(new Uint8Array()) };
    expect(checkpointText(head)).toBe(`${ORIGIN}\n1\n${ROOT}\n`);
    expect(parseCheckpoint(await signCheckpoint(head, await signerOf('log')))).toMatchObject({ ok: true, value: head });
  });

  test('of the empty tree have the root SHA-256("")', async () => {
    const text = checkpointText({ origin: ORIGIN, size: 0, root: EMPTY_ROOT });
    expect(parseCheckpoint(await noteOf(text)).ok).toBe(true);
    expect(parseCheckpoint(await noteOf(`${ORIGIN}\n0\n${ROOT}\n`))).toMatchObject({
      reason: expect.stringMatching(/empty tree/) as string,
    });
  });

  test.for([
    [`${ORIGIN}\n1\n`, 'two lines'],
    [`${ORIGIN}\n1\n${ROOT}\nextension\n`, 'an extension line'],
    [`${ORIGIN}\n1\n${ROOT}\n\n`, 'an empty fourth line'],
    [`\n1\n${ROOT}\n`, 'no origin'],
    [`two words\n1\n${ROOT}\n`, 'an origin that is no key name'],
    [`${ORIGIN}\n01\n${ROOT}\n`, 'a leading zero'],
    [`${ORIGIN}\n-1\n${ROOT}\n`, 'a negative size'],
    [`${ORIGIN}\n+1\n${ROOT}\n`, 'a sign'],
    [`${ORIGIN}\n1.0\n${ROOT}\n`, 'a fraction'],
    [`${ORIGIN}\n1e3\n${ROOT}\n`, 'an exponent'],
    [`${ORIGIN}\n١\n${ROOT}\n`, 'other digits'],
    [`${ORIGIN}\n9007199254740992\n${ROOT}\n`, 'a size past 2^53 − 1'],
    [`${ORIGIN}\n99999999999999999999\n${ROOT}\n`, 'a size far past it'],
    [`${ORIGIN}\n1\n${ROOT.slice(0, -1)}\n`, 'no padding'],
    [`${ORIGIN}\n1\n${toBase64(new Uint8Array(31))}\n`, 'a short root'],
    [`${ORIGIN}\n1\n${toBase64(new Uint8Array(33))}\n`, 'a long root'],
    [`${ORIGIN}\n1\n ${ROOT}\n`, 'a space'],
    [`${ORIGIN}\n 1\n${ROOT}\n`, 'a space before the size'],
  ] as const)('case %#: %j is refused: %s', async ([text]) =>
    expect(parseCheckpoint(await noteOf(text)).ok).toBe(false),
  );

  test('the largest size is read exactly', async () => {
    const parsed = parseCheckpoint(await noteOf(`${ORIGIN}\n9007199254740991\n${ROOT}\n`));
    expect(parsed.ok && parsed.value.size).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('receipts', () => {
  test('prove every entry of a log, and read back as they were written', async () => {
    const { log } = await registry();
    for (let index = 0; index < log.entries.length; index++) {
      const text = await log.receipt(index);
      const receipt = parseReceipt(text);
      if (!receipt.ok) throw new Error(receipt.reason);
      const { head, ...rest } = receipt.value;
      expect(encodeReceipt(rest)).toBe(text);
      expect(provesInclusion(receipt.value, head)).toBe(true);
      expect(parseEntry(receipt.value.entry)).toEqual(log.entries[index]);
      expect(entryText(log.entries[index] as (typeof log.entries)[0])).toBe(receipt.value.entry);
    }
  });

  test('of a log of one entry have no hashes', async () => {
    const log = new MemoryLog(await signerOf('log'));
    const { log: other } = await registry();
    log.append(other.statements[0] as (typeof other.statements)[0], START + HOUR);
    const receipt = parseReceipt(await log.receipt(0));
    expect(receipt.ok && receipt.value.proof).toEqual([]);
    expect(receipt.ok && provesInclusion(receipt.value, receipt.value.head)).toBe(true);
  });

  test('with another entry, index or hash prove nothing', async () => {
    const { log } = await registry();
    const receipt = parseReceipt(await log.receipt(2));
    if (!receipt.ok) throw new Error(receipt.reason);
    const { head } = receipt.value;
    expect(
      provesInclusion({ ...receipt.value, entry: receipt.value.entry.replace('Accreditation', 'DatasetRecord') }, head),
    ).toBe(false);
    expect(provesInclusion({ ...receipt.value, index: 3 }, head)).toBe(false);
    expect(provesInclusion({ ...receipt.value, index: 10 }, head)).toBe(false);
    expect(provesInclusion({ ...receipt.value, proof: receipt.value.proof.toReversed() }, head)).toBe(false);
  });

  test('are read strictly', async () => {
    const { log } = await registry();
    const text = await log.receipt(2);
    const hash = text.split('\n')[3] as string;
    const bad: [string, string][] = [
      ['', 'nothing'],
      [text.replace('@v1', '@v2'), 'another version'],
      [text.replace(/extra .*\n/, ''), 'no entry'],
      [text.replace('extra ', 'extra  '), 'two spaces'],
      [text.replace(/extra .*\n/, 'extra /w==\n'), 'an entry that is not UTF-8'],
      [text.replace('index 2', 'index 02'), 'a leading zero'],
      [text.replace('index 2', 'index -2'), 'a negative index'],
      [text.replace('index 2', 'index 9007199254740992'), 'an index past 2^53 − 1'],
      [text.replace(/index .*\n/, ''), 'no index'],
      [text.replace(hash, hash.slice(0, -1)), 'a hash without padding'],
      [text.replace(hash, toBase64(new Uint8Array(31))), 'a short hash'],
      [text.replace(`${hash}\n`, `${hash}\n`.repeat(65)), 'more hashes than any tree is high'],
      [text.replace('\n\n', '\n'), 'no empty line before the checkpoint'],
      [text.split('\n\n')[0] as string, 'no checkpoint'],
      [text.replaceAll('\n', '\r\n'), 'carriage returns'],
      [text + 'x'.repeat(70_000), 'past the size bound'],
      [text.slice(0, -1), 'cut off'],
    ];
    for (const [receipt, why] of bad) expect(parseReceipt(receipt).ok, why).toBe(false);
  });
});
