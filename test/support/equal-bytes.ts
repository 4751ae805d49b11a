import { expect } from 'vitest';

// Bytes are compared as such: vitest’s own way takes each of them for a value that may be anything, and a second a MiB.
expect.addEqualityTesters([
  (a: unknown, b: unknown): boolean | undefined => {
    if (!(a instanceof Uint8Array && b instanceof Uint8Array) || a.constructor !== b.constructor) return undefined;
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  },
]);
