import { readFileSync } from 'node:fs';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../bytes.ts';
import { digestLines } from './jsonl.ts';
import { digestParquet } from './parquet.ts';
import { RowDigester } from './row-digester.ts';
import { rowDigest } from './row-digests.ts';
import { RowsError } from './rows-error.ts';

type Columns = Parameters<typeof parquetWriteBuffer>[0]['columnData'];

const write = (columnData: Columns, options = {}): Uint8Array<ArrayBuffer> =>
  new Uint8Array(parquetWriteBuffer({ columnData, ...options }));

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<{ digests: Uint8Array; raw: number }> {
  const digester = new RowDigester();
  const slice = (from: number, end: number): Promise<ArrayBuffer> => Promise.resolve(bytes.slice(from, end).buffer);
  await digestParquet({ byteLength: bytes.length, slice }, digester, () => {});
  return { digests: digester.take(), raw: digester.raw };
}

const rows = (texts: readonly (string | Uint8Array)[], raw = 0): object => ({
  digests: concatBytes(...texts.map((text) => rowDigest(text))),
  raw,
});

describe('a value is written as docs/rows.md says', () => {
  test.for([
    ['text', { data: ['a"\u0001é', ''], type: 'STRING' }, ['{"v":"a\\"\\u0001é"}', '{"v":""}']],
    ['integers', { data: [1, -2], type: 'INT32' }, ['{"v":1}', '{"v":-2}']],
    ['long integers', { data: [9007199254740991n, -1n], type: 'INT64' }, ['{"v":9007199254740991}', '{"v":-1}']],
    ['doubles', { data: [1.5, -0, 1e21], type: 'DOUBLE' }, ['{"v":1.5}', '{"v":0}', '{"v":1e+21}']],
    [
      'floats, as the number they are',
      { data: [0.5, Math.fround(0.1)], type: 'FLOAT' },
      ['{"v":0.5}', '{"v":0.10000000149011612}'],
    ],
    ['booleans', { data: [true, false], type: 'BOOLEAN' }, ['{"v":true}', '{"v":false}']],
    ['nothing', { data: ['x', null], type: 'STRING' }, ['{"v":"x"}', '{"v":null}']],
    [
      'times',
      { data: [new Date('2026-11-21T08:00:00.123Z')], type: 'TIMESTAMP' },
      ['{"v":"2026-11-21T08:00:00.123Z"}'],
    ],
    ['bytes', { data: [Uint8Array.of(0, 255, 1, 2)], type: 'BYTE_ARRAY' }, ['{"v":"AP8BAg=="}']],
  ] as const)('%s', async ([, column, expected]) => {
    expect(await digest(write([{ name: 'v', ...column } as unknown as Columns[number]]))).toEqual(rows(expected));
  });

  test('columns are in canonical order', async () => {
    const columns = ['b', 'é', 'a', '10', '2'].map((name, i) => ({ name, data: [i], type: 'INT32' as const }));
    expect(await digest(write(columns))).toEqual(rows(['{"10":3,"2":4,"a":2,"b":0,"é":1}']));
  });
});

test('what canonical JSON cannot carry makes a row raw', async () => {
  const wide = write([{ name: 'v', data: [9007199254740993n, 1n], type: 'INT64' }]);
  expect(await digest(wide)).toEqual(rows(['{"v":9007199254740993}', '{"v":1}'], 1));
  const odd = write([{ name: 'v', data: [NaN, -Infinity, 1e20, 2], type: 'DOUBLE' }]);
  const texts = ['{"v":NaN}', '{"v":-Infinity}', '{"v":100000000000000000000}', '{"v":2}'];
  expect(await digest(odd)).toEqual(rows(texts, 3));
});

test('row groups and pages come in order', async () => {
  const data = Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? null : `row ${i % 97}`));
  const file = write([{ name: 'v', data, type: 'STRING' }], { rowGroupSize: 700, pageSize: 500 });
  expect(await digest(file)).toEqual(rows(data.map((v) => JSON.stringify({ v }))));
});

test('names that do not tell columns apart are refused', async () => {
  const column = { name: '__proto__', data: [1], type: 'INT32' as const };
  await expect(digest(write([column]))).rejects.toThrow(/column "__proto__" is refused as a name/);
});

const failureOf = (bytes: Uint8Array<ArrayBuffer>): Promise<unknown> =>
  digest(bytes).then(
    () => null,
    (error: unknown) => error,
  );

const column = (type: string, encoding: string | undefined, value: (i: number) => unknown): Columns =>
  [{ name: 'v', type, encoding, data: Array.from({ length: 24 }, (_, i) => value(i)) }] as unknown as Columns;

describe('any byte changed, and any end cut off, gives rows or a refusal', () => {
  test.for<readonly [name: string, Columns, options?: object]>([
    [
      'two columns',
      [
        { name: 'a', data: ['x', null, 'yy'], type: 'STRING' },
        { name: 'b', data: [1, 2, 3], type: 'INT32' },
      ],
    ],
    ['a dictionary', column('STRING', undefined, (i) => (i % 5 === 0 ? null : `v${i % 3}`))],
    ['a dictionary, as it is', column('STRING', undefined, (i) => `v${i % 3}`), { codec: 'UNCOMPRESSED' }],
    ['lists', [{ name: 'v', data: Array.from({ length: 24 }, (_, i) => (i % 7 === 0 ? null : [i, i + 1])) }]],
    ['truth', column('BOOLEAN', 'RLE', (i) => i % 3 === 0)],
    ['deltas', column('INT64', 'DELTA_BINARY_PACKED', (i) => BigInt(i * i))],
    ['prefixes', column('STRING', 'DELTA_BYTE_ARRAY', (i) => `same ${i % 4}`), { codec: 'UNCOMPRESSED' }],
  ])('%s', async ([, columns, options]) => {
    const good = write(columns, options);
    expect(await failureOf(good)).toBeNull();
    for (let at = 0; at < good.length; at++) {
      expect(await failureOf(good.subarray(0, at))).toBeInstanceOf(RowsError);
      for (const bits of [0xff, 0x80, 0x01]) {
        const bad = good.slice();
        bad[at] = (bad[at] as number) ^ bits;
        const failure = await failureOf(bad);
        if (failure !== null) expect(failure).toBeInstanceOf(RowsError);
      }
    }
  });
});

describe('a table that pyarrow wrote, in data pages of version 2', () => {
  const sample = (name: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(readFileSync(new URL(`../../test/samples/exported/${name}`, import.meta.url)));
  const parquet = sample('table.parquet');

  test('has the rows of the JSON lines that pandas wrote of it', async () => {
    const lines = sample('table.jsonl');
    const digester = new RowDigester();
    expect(digestLines(digester, lines, 0, lines.length)).toBe(4);
    expect(await digest(parquet)).toEqual({ digests: digester.take(), raw: 0 });
  });

  test('gives rows or a refusal, whatever becomes of it', async () => {
    for (let at = 0; at < parquet.length; at += 7) {
      expect(await failureOf(parquet.subarray(0, at))).toBeInstanceOf(RowsError);
      const bad = parquet.slice();
      bad[at] = (bad[at] as number) ^ (1 << (at % 8));
      const failure = await failureOf(bad);
      if (failure !== null) expect(failure).toBeInstanceOf(RowsError);
    }
  });
});
