import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Submitted } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import { concatBytes, utf8, type Bytes } from '../../protocol/bytes.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { drafts, signed } from '../support/statements.ts';
import {
  altered,
  batch,
  cast,
  expectProblem,
  linesOf,
  log,
  NDJSON_TYPE,
  post,
  sizeOf,
  type Cast,
  type Refused,
} from './client.ts';
import type { Endpoint, OpenEndpoint } from './harness.ts';

type Logged = ParsedStatement<'DatasetRecord'> & Submitted;

/** Many statements at once, each judged apart. */
export function describeBatches(name: string, open: OpenEndpoint): void {
  describe(`batches on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;
    let record: Logged;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'batches');
      record = await log(registry, await signed(drafts.record(people.alice.did, 'batches'), people.alice));
    });
    afterAll(() => registry.close());

    it('refuses a batch over 4 MiB, of 501 lines, of none, or not UTF-8, as a whole', async () => {
      const size = await sizeOf(registry);
      const fresh = await signed(drafts.record(people.alice.did, 'in a refused batch'), people.alice);
      const whole: [string | Bytes, Refused][] = [
        [`${fresh.canonical}\n${' '.repeat(limits.batchBytes)}`, [413, 'too-large', `${limits.batchBytes} bytes`]],
        [`${fresh.canonical}\n${'{}\n'.repeat(500)}`, [413, 'too-large', /500 statements.*501/]],
        ['', [400, 'invalid-request', 'empty']],
        [concatBytes(utf8(`${fresh.canonical}\n`), Uint8Array.of(0xc0, 0x80)), [400, 'invalid-json', 'UTF-8']],
      ];
      for (const [body, refused] of whole)
        await expectProblem(await post(registry, '/v1/statements', body, NDJSON_TYPE), refused);
      expect(await sizeOf(registry)).toBe(size);
      expect(await batch(registry, Array(500).fill('{}') as string[])).toHaveLength(500);
    });

    it('answers each line of a batch in order, whatever the others are', async () => {
      const good = await Promise.all(
        [1, 2, 3].map((i) => signed(drafts.record(people.alice.did, `batch ${i}`), people.alice)),
      );
      const stranger = await signed(drafts.record(people.stranger.did, 'batch'), people.stranger);
      const [first, second, third] = good as [Logged, Logged, Logged];
      const size = await sizeOf(registry);
      const crlf = `${second.canonical}\r`;
      const lines = await batch(registry, [
        first,
        '',
        altered(third, 'validFrom', '2026-01-02T00:00:00Z'),
        crlf,
        stranger,
        record,
        '{',
        third,
      ]);
      expect(lines.map(({ status, code }) => code ?? status)).toEqual([
        201,
        'invalid-json',
        'invalid-signature',
        201,
        'no-credential',
        200,
        'invalid-json',
        201,
      ]);
      expect([lines[0], lines[3], lines[7]].map((line) => [line?.id, line?.index])).toEqual(
        good.map(({ id }, i) => [id, size + i]),
      );
      expect(lines.filter(({ code }) => code !== undefined).every(({ detail }) => (detail ?? '').length > 10)).toBe(
        true,
      );
      expect(await sizeOf(registry)).toBe(size + 3);
    });

    it('does not need the last newline of a batch', async () => {
      const response = await post(registry, '/v1/statements', `${record.canonical}\n${record.canonical}`, NDJSON_TYPE);
      expect(await linesOf(response)).toHaveLength(2);
    });
  });
}
