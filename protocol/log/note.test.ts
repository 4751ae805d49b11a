import { describe, expect, test } from 'vitest';
import { fromBase64, toBase64, utf8 } from '../bytes.ts';
import { verifySignature } from '../ed25519/verify.ts';
import { cosignatureLine } from '../../test/support/log.ts';
import { signerOf } from '../../test/support/statements.ts';
import {
  COSIGNATURE,
  ED25519,
  encodeVkey,
  parseNote,
  parseVkey,
  signatureLine,
  signNote,
  verifierKey,
  verifyNote,
} from './note.ts';
import type { Note, VerifierKey } from './note.ts';

/** The example that C2SP signed-note publishes (formats.md). */
const VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;
const LINE = EXAMPLE.split('\n')[2] as string;

const noteOf = (text: string): Note => {
  const note = parseNote(text);
  if (!note.ok) throw new Error(note.reason);
  return note.value;
};
const keyOf = (vkey: string): VerifierKey => {
  const key = parseVkey(vkey);
  if (!key.ok) throw new Error(key.reason);
  return key.value;
};

describe('the standard’s worked example', () => {
  test('verifies under its key, and the key’s text round-trips', async () => {
    const key = keyOf(VKEY);
    expect(encodeVkey(key)).toBe(VKEY);
    expect(await verifyNote(noteOf(EXAMPLE), [key], verifySignature)).toEqual({ ok: true, value: [key] });
    expect(noteOf(EXAMPLE).text).toBe('This is an example message.\n');
  });

  test('another text does not', async () => {
    const forged = noteOf(EXAMPLE.replace('an example', 'no example'));
    expect(await verifyNote(forged, [keyOf(VKEY)], verifySignature)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/is wrong/) as string,
    });
  });

  test('a note’s text ends at the last empty line', () => {
    expect(noteOf(`a\n\nb\n\n${LINE}\n`).text).toBe('a\n\nb\n');
  });
});

test.for([
  ['', 'nothing'],
  ['text\n', 'no signature'],
  ['text\n\n', 'an empty list of signatures'],
  [EXAMPLE.trimEnd(), 'no newline at the end'],
  [EXAMPLE.replace('\n\n', '\n'), 'no empty line'],
  [EXAMPLE.replaceAll('\n', '\r\n'), 'carriage returns'],
  [EXAMPLE.replace('This', 'Th\tis'), 'a tab'],
  [EXAMPLE.replace('This', 'Th\u0085is'), 'a C1 control'],
  [EXAMPLE.replace('—', '-'), 'a hyphen for the dash'],
  [EXAMPLE.replace('— ', '—'), 'no space after the dash'],
  [EXAMPLE.replace('foo U', 'foo  U'), 'two spaces'],
  [EXAMPLE.replace('com/foo', 'com+foo'), 'a plus in the name'],
  [EXAMPLE.replace('com/foo', 'com\u00a0foo'), 'a Unicode space in the name'],
  [EXAMPLE.replace('aQM=', 'aQM'), 'no padding'],
  [EXAMPLE.replace('aQM=', 'aQN='), 'bits left over'],
  [EXAMPLE.replace('aQM=', 'aQM= '), 'a space after the signature'],
  [EXAMPLE.replace('aQM=', 'a_M='), 'the URL alphabet'],
  ['text\n\n— name AAAAAA==\n', 'a key id and no signature'],
  [`text\n\n${`${LINE}\n`.repeat(65)}`, 'more signatures than anyone needs'],
  [`${'x'.repeat(65_536)}\n\n${LINE}\n`, 'past the size bound'],
] as const)('case %#: a malformed note is refused: %s', ([text, why]) => expect(parseNote(text).ok, why).toBe(false));

test('a note with a lone surrogate is refused', () => {
  expect(parseNote(EXAMPLE.replace('This', 'Th\ud800is')).ok).toBe(false);
});

test('sixteen signatures and more are read', () => {
  expect(noteOf(`text\n\n${`${LINE}\n`.repeat(17)}`).signatures).toHaveLength(17);
});

test.for([
  ['', 'nothing'],
  ['example.com/foo', 'a name alone'],
  [VKEY.replace('530d903a', '530D903A'), 'an upper-case id'],
  [VKEY.replace('530d903a', '530d903b'), 'an id that is not its key’s'],
  [VKEY.replace('example.com', 'example.org'), 'a name that its id does not name'],
  [VKEY.slice(0, -4), 'a short key'],
  [`${VKEY}=`, 'wrong padding'],
  [` ${VKEY}`, 'a space'],
  [`${VKEY}\n`, 'a newline'],
  ['+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'no name'],
] as const)('%j is no verifier key: %s', ([text]) => expect(parseVkey(text).ok).toBe(false));

test('a key of small order, or of a type that we do not know, is no verifier key', () => {
  const weak = encodeVkey(verifierKey('weak.example', ED25519, new Uint8Array(32)));
  expect(parseVkey(weak)).toMatchObject({ reason: expect.stringMatching(/not a valid Ed25519/) as string });
  const mlDsa = encodeVkey({ ...keyOf(VKEY), type: 0x06 as typeof ED25519 });
  expect(parseVkey(mlDsa)).toMatchObject({ reason: expect.stringMatching(/type 6/) as string });
});

describe('who signed', () => {
  const TEXT = 'some text\n';
  const lineBy = async (name: string, text = TEXT): Promise<string> => {
    const signer = await signerOf(name);
    return signatureLine(verifierKey(name, ED25519, signer.publicKey), await signer.sign(utf8(text)));
  };
  const known = async (name: string): Promise<VerifierKey> =>
    verifierKey(name, ED25519, (await signerOf(name)).publicKey);
  const verdict = async (lines: string[], names: string[]) =>
    verifyNote(noteOf(`${TEXT}\n${lines.join('')}`), await Promise.all(names.map(known)), verifySignature);

  test('each known key once, in the note’s order; strangers are ignored', async () => {
    const lines = [await lineBy('stranger'), await lineBy('b'), await lineBy('a'), await lineBy('b')];
    const result = await verdict(lines, ['a', 'b', 'c']);
    expect(result.ok && result.value.map(({ name }) => name)).toEqual(['b', 'a']);
  });

  test('a stranger’s wrong signature is ignored, a known key’s rejects the whole note', async () => {
    const wrong = await lineBy('b', 'another text\n');
    expect((await verdict([wrong, await lineBy('a')], ['a'])).ok).toBe(true);
    expect(await verdict([await lineBy('a'), wrong], ['a', 'b'])).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/of b is wrong/) as string,
    });
  });

  test('no known signature, no verdict', async () => {
    expect(await verdict([await lineBy('a')], ['b'])).toMatchObject({
      reason: expect.stringMatching(/no signature by a known key/) as string,
    });
    expect((await verdict([await lineBy('a')], [])).ok).toBe(false);
  });

  test('the same key under another name is another key', async () => {
    const { publicKey } = await signerOf('a');
    const renamed = verifierKey('renamed', ED25519, publicKey);
    expect((await verifyNote(noteOf(`${TEXT}\n${await lineBy('a')}`), [renamed], verifySignature)).ok).toBe(false);
  });

  test('signNote makes what verifyNote takes', async () => {
    const signer = await signerOf('a');
    expect(await signNote(TEXT, 'a', signer)).toBe(`${TEXT}\n${await lineBy('a')}`);
    await expect(signNote(TEXT, 'not a name', signer)).rejects.toThrow(RangeError);
  });
});

describe('cosignatures (type 0x04)', () => {
  const TEXT = 'registry.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n';
  const cosigned = async (line: string) => {
    const witness = verifierKey('witness.example', COSIGNATURE, (await signerOf('witness')).publicKey);
    return (await verifyNote(noteOf(`${TEXT}\n${line}`), [witness], verifySignature)).ok;
  };
  const lineAt = async (seconds: number, text = TEXT) =>
    cosignatureLine(text, 'witness.example', await signerOf('witness'), seconds);

  test('cover the time and the whole text', async () => {
    expect(await cosigned(await lineAt(1_800_000_000))).toBe(true);
    expect(await cosigned(await lineAt(1_800_000_000, `${TEXT}more\n`))).toBe(false);
  });

  test('a time of 0 is refused, and so is a time other than the one signed', async () => {
    expect(await cosigned(await lineAt(0))).toBe(false);
    const line = await lineAt(1_800_000_000);
    const bytes = fromBase64(line.trimEnd().split(' ')[2] as string) as Uint8Array;
    bytes[11] = (bytes[11] as number) ^ 1;
    expect(await cosigned(`— witness.example ${toBase64(bytes)}\n`)).toBe(false);
  });

  test('a plain signature is not a cosignature, even under its id', async () => {
    const signer = await signerOf('witness');
    const key = verifierKey('witness.example', COSIGNATURE, signer.publicKey);
    expect(await cosigned(signatureLine(key, await signer.sign(utf8(TEXT))))).toBe(false);
  });
});
