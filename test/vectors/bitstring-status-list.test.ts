import { describe, expect, test } from 'vitest';
import { fromBase64Url, type Bytes } from '../../protocol/bytes.ts';
import { gunzip } from '../../protocol/gzip.ts';
import { decodeStatusBits, encodeStatusBits, statusBits } from '../../protocol/status-list.ts';
import vectors from './bitstring-status-list.json' with { type: 'json' };

const LIST_BYTES = 16_384;

/** The indices of the bits that are set, by the arithmetic of the specification (§3.4): left-most bit first. */
const setIn = (bits: Bytes): number[] =>
  [...bits].flatMap((byte, at) =>
    byte
      .toString(2)
      .padStart(8, '0')
      .split('')
      .flatMap((bit, i) => (bit === '1' ? [at * 8 + i] : [])),
  );

/** The platform's own inflater, which knows nothing of ours. */
async function inflate(encodedList: string): Promise<Bytes> {
  const packed = fromBase64Url(encodedList.slice(1)) as Bytes;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

describe('Bitstring Status List v1.0', () => {
  test.for(vectors.decoded)('decodes $reason', async ({ encodedList, bytes, set }) => {
    const bits = gunzip(fromBase64Url(encodedList.slice(1)) as Bytes, LIST_BYTES);
    expect(bits?.length).toBe(bytes);
    expect(setIn(bits as Bytes)).toEqual(set);
    expect(await inflate(encodedList)).toEqual(bits);
    // Ours are of the minimum length exactly; of others we read nothing.
    expect(decodeStatusBits(encodedList)).toEqual(bytes === LIST_BYTES ? bits : null);
  });

  test.for(vectors.placed)('places: $reason', async ({ set, bytes }) => {
    const bits = statusBits(0, set);
    const placed = Object.fromEntries([...bits.entries()].filter(([, byte]) => byte !== 0));
    expect(placed).toEqual(bytes);
    expect(setIn(bits)).toEqual(set);
    const encoded = encodeStatusBits(bits);
    expect(encoded).toMatch(/^uH4sI[A-Za-z0-9_-]+$/);
    expect(await inflate(encoded)).toEqual(bits);
  });
});
