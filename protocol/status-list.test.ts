import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StatusListCredential } from '../schemas/status-list.ts';
import { signerOf, VALID_FROM } from '../test/support/statements.ts';
import { fromBase64, fromBase64Url, toBase64Url, utf8, type Bytes } from './bytes.ts';
import { verifySignature } from './ed25519/verify.ts';
import { gunzip, gzip } from './gzip.ts';
import { signDocument } from './statement.ts';
import {
  decodeStatusBits,
  encodeStatusBits,
  openStatusList,
  signStatusList,
  statusBits,
  statusListOf,
  verifyStatusList,
} from './status-list.ts';

const ENTRIES = 131_072;
const service = await signerOf('service');
const draft = {
  origin: 'registry.example/log',
  list: 1,
  size: 200_000,
  revoked: [ENTRIES, ENTRIES + 9, 2 * ENTRIES - 1],
  validFrom: VALID_FROM,
  validUntil: '2026-01-02T00:00:00Z',
};
const list = await signStatusList(draft, service);
const resign = async (change: object, subject: object = {}): Promise<unknown> => {
  const { proof: _, ...document } = list;
  const changed = { ...document, ...change, credentialSubject: { ...document.credentialSubject, ...subject } };
  return signDocument(changed, service, VALID_FROM);
};

describe('bits', () => {
  test('index 0 is the most significant bit of the first byte', () => {
    expect(statusBits(0, [0])[0]).toBe(0x80);
    expect(statusBits(0, [7])[0]).toBe(0x01);
    expect(statusBits(0, [8])[1]).toBe(0x80);
    expect(statusBits(0, [ENTRIES - 1]).at(-1)).toBe(0x01);
    expect(statusBits(2, [2 * ENTRIES + 1])[0]).toBe(0x40);
    expect(statusBits(0, [])).toEqual(new Uint8Array(16_384));
  });

  test('an index belongs to one list, and setting it in another is misuse', () => {
    expect([0, ENTRIES - 1, ENTRIES, 2 ** 53 - 1].map(statusListOf)).toEqual([0, 0, 1, 2 ** 36 - 1]);
    expect(() => statusBits(0, [ENTRIES])).toThrow(RangeError);
  });

  test('round-trip through gzip and base64url', () =>
    fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(ENTRIES - 1), { maxLength: 200 }), async (indices) => {
        const bits = statusBits(0, indices);
        const encoded = encodeStatusBits(bits);
        expect(encoded).toMatch(/^u[A-Za-z0-9_-]+$/);
        expect(decodeStatusBits(encoded)).toEqual(bits);
      }),
      { numRuns: 30 },
    ));
});

const encode = async (bytes: Bytes): Promise<string> => `u${toBase64Url(gzip(bytes))}`;
const GOOD = encodeStatusBits(statusBits(0, []));
const MALFORMED: [string, string][] = [
  ['a bomb: 10 MB of zeros', await encode(new Uint8Array(10_000_000))],
  ['one byte too many', await encode(new Uint8Array(16_385))],
  ['one byte too few', await encode(new Uint8Array(16_383))],
  ['nothing inside', await encode(new Uint8Array())],
  ['no gzip', `u${toBase64Url(new Uint8Array(40))}`],
  ['cut off', GOOD.slice(0, -8)],
  ['no multibase prefix', GOOD.slice(1)],
  ['another multibase', `z${GOOD.slice(1)}`],
  ['padding', `${GOOD}=`],
  ['the standard alphabet', 'u+/8='],
  ['nothing', ''],
  ['the prefix alone', 'u'],
];

describe('untrusted encodings are refused', () => {
  test.for(MALFORMED)('%s', async ([, encoded]) => expect(decodeStatusBits(encoded)).toBeNull());

  test('16 KiB inflate, and not a byte more', () => {
    const list = new Uint8Array(16 * 1024);
    expect(decodeStatusBits(`u${toBase64Url(gzip(list))}`)).toEqual(list);
    expect(decodeStatusBits(`u${toBase64Url(gzip(new Uint8Array(list.length + 1)))}`)).toBeNull();
  });

  test('the bomb is small, and inflates within its cap only', async () => {
    const bomb = gzip(new Uint8Array(10_000_000));
    expect(bomb.length).toBeLessThan(20_000);
    expect(gunzip(bomb, 9_999_999)).toBeNull();
    expect(gunzip(bomb, 10_000_000)?.length).toBe(10_000_000);
  });
});

describe('signed lists', () => {
  test('open, and answer for their own indices only', async () => {
    const verified = await verifyStatusList(list, verifySignature);
    if (!verified.ok) throw new Error(verified.reason);
    const opened = openStatusList(verified.value);
    if (!opened.ok) throw new Error(opened.reason);
    const { isRevoked } = opened.value;
    expect(draft.revoked.map((index) => isRevoked(index))).toEqual([true, true, true]);
    expect(
      [0, 9, ENTRIES - 1, ENTRIES + 1, ENTRIES + 8, 2 * ENTRIES, 3 * ENTRIES - 1].some((index) => isRevoked(index)),
    ).toBe(false);
    expect(opened.value.document.credentialSubject.log).toEqual({ origin: draft.origin, list: 1, size: 200_000 });
  });

  test('survive their own JSON', async () => {
    expect((await verifyStatusList(JSON.parse(JSON.stringify(list)), verifySignature)).ok).toBe(true);
  });

  test.for<[string, (copy: typeof list) => void]>([
    ['other bits', (copy) => void (copy.credentialSubject.encodedList = `u${'A'.repeat(40)}`)],
    ['a longer validity', (copy) => void (copy.validUntil = '2099-01-01T00:00:00Z')],
    ['another list number', (copy) => void (copy.credentialSubject.log.list = 0)],
    ['another size', (copy) => void (copy.credentialSubject.log.size = 1)],
    ['another origin', (copy) => void (copy.credentialSubject.log.origin = 'elsewhere.example/log')],
    ['another time of signing', (copy) => void (copy.proof.created = '2026-01-01T00:00:01Z')],
  ])('%s breaks the signature', async ([, change]) => {
    const copy = structuredClone(list);
    change(copy);
    expect(await verifyStatusList(copy, verifySignature)).toEqual({ ok: false, reason: 'has a wrong signature' });
  });

  test('another issuer, or its key, is foreign', async () => {
    const stranger = await signerOf('stranger');
    const foreign = { ok: false, reason: 'names a foreign key in its proof' };
    expect(await verifyStatusList({ ...list, issuer: stranger.did }, verifySignature)).toEqual(foreign);
    const method = {
      ...list,
      proof: { ...list.proof, verificationMethod: `${stranger.did}#${stranger.did.slice(8)}` },
    };
    expect(await verifyStatusList(method, verifySignature)).toEqual(foreign);
  });

  test('well signed, but not of our form, or not of our size', async () => {
    const bits = { encodedList: encodeStatusBits(new Uint8Array(8)) };
    expect(openStatusList(StatusListCredential.parse(await resign({}, bits)))).toMatchObject({
      reason: expect.stringMatching(/does not inflate to 131072 bits/) as string,
    });
    const malformed: [object, object][] = [
      [{}, { statusPurpose: 'suspension' }],
      [{}, { statusSize: 2 }],
      [{}, { encodedList: `u${'A'.repeat(70_000)}` }],
      [{ validUntil: undefined }, {}],
      [{ validUntil: '2026-02-30T00:00:00Z' }, {}],
      [{ extra: 1 }, {}],
    ];
    for (const [change, subject] of malformed) {
      const value: unknown = JSON.parse(JSON.stringify(await resign(change, subject)));
      expect(
        await verifyStatusList(value, verifySignature),
        JSON.stringify([change, subject]).slice(0, 80),
      ).toMatchObject({ reason: expect.stringMatching(/^is malformed/) as string });
    }
    for (const value of [null, 1, 'x', [], {}])
      expect(await verifyStatusList(value, verifySignature)).toMatchObject({ ok: false });
  });
});

describe('strict decoders behave alike on every platform', () => {
  test.for(['A', 'AA', 'AA=', 'AA==\n', ' AA==', 'A A=', 'AB==', 'AAA', '_-==', 'AA==AA=='])('base64 %j', (text) =>
    expect(fromBase64(text)).toBeNull(),
  );
  test.for(['A', 'AA==', 'AB', 'A A', 'AA\n', '+/'])('base64url %j', (text) => expect(fromBase64Url(text)).toBeNull());
  test('what is canonical is read', () => {
    expect(fromBase64('aGk=')).toEqual(utf8('hi'));
    expect(fromBase64Url('-_8')).toEqual(Uint8Array.of(0xfb, 0xff));
    expect([fromBase64(''), fromBase64Url('')]).toEqual([new Uint8Array(), new Uint8Array()]);
  });
});
