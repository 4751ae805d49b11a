import { expect, test } from 'vitest';
import { signerOf } from '../../test/support/statements.ts';
import { utf8 } from '../bytes.ts';
import { nativeEd25519With } from './node.ts';
import { verifyWith, verifyWithNoble } from './verify.ts';

test('shared between any number of threads, each signature has the verdict of noble', async () => {
  const [alice, bob] = [await signerOf('alice'), await signerOf('bob')];
  const signed = await Promise.all(
    Array.from({ length: 24 }, async (_, i) => {
      const message = utf8(`message ${i}`);
      const signature = await alice.sign(message);
      if (i % 5 === 1) signature[i] = (signature[i] as number) ^ 1;
      return { signature, message, publicKey: i % 7 === 2 ? bob.publicKey : alice.publicKey };
    }),
  );
  const expected: boolean[] = [];
  for (const each of signed) expected.push(await verifyWithNoble(each.signature, each.message, each.publicKey));
  expect(new Set(expected)).toEqual(new Set([true, false]));
  for (const threads of [0, 1, 3, 7]) {
    const verify = verifyWith(nativeEd25519With(threads));
    for (let run = 0; run < 2; run++) {
      const verdicts = signed.map((each) => verify(each.signature, each.message, each.publicKey));
      expect(await Promise.all(verdicts), `${threads} threads, run ${run}`).toEqual(expected);
    }
  }
});
