/**
 * Rows with every BLOB as a plain `Uint8Array`: D1 gives arrays of numbers, a Durable Object ArrayBuffers, and
 * better-sqlite3 Buffers, whose `slice` shares memory where that of a `Uint8Array` copies.
 */
export function normalizeRows<R>(rows: readonly unknown[]): R[] {
  for (const row of rows as Record<string, unknown>[]) {
    for (const column in row) {
      const value = row[column];
      if (typeof value !== 'object') continue;
      if (value instanceof ArrayBuffer) row[column] = new Uint8Array(value);
      else if (Array.isArray(value)) row[column] = Uint8Array.from(value as number[]);
      else if (value instanceof Uint8Array) row[column] = new Uint8Array(value.buffer, value.byteOffset, value.length);
    }
  }
  return rows as R[];
}
