type Bytes = Uint8Array<ArrayBuffer>;

/** One byte, less than a stream's buffers hold, and more than that. */
export const SIZES = [1, 1000, 300_000];
const CHUNK = 16_384;

/** A stream in chunks, as a network delivers one. */
export function chunked(bytes: Bytes): ReadableStream<Bytes> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + CHUNK));
      at += CHUNK;
    },
  });
}

/** The same, but the sender goes away half-way. */
export function brokenOff(bytes: Bytes): ReadableStream<Bytes> {
  const half = Math.floor(bytes.length / 2);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= half) return controller.error(new Error('the connection was reset'));
      controller.enqueue(bytes.slice(at, Math.min(at + CHUNK, half)));
      at += CHUNK;
    },
  });
}
