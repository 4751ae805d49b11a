/** A piece of a text, itself without a piece: `[from, skipFrom)` and `[skipTo, to)`. */
export interface Cut {
  from: number;
  skipFrom: number;
  skipTo: number;
  to: number;
}

export const cutOf = (text: string, { from, skipFrom, skipTo, to }: Cut): string =>
  text.slice(from, skipFrom) + text.slice(skipTo, to);

/** Answers the SHA-256 of a text in lowercase hex, and writes those of its cuts into `out`, one after the other. */
export function sha256CutsBy(
  platform: { sha256Hex(text: string): string; sha256Into(text: string, out: Uint8Array, at: number): void },
  text: string,
  cuts: readonly Cut[],
  out: Uint8Array,
): string {
  for (const [i, cut] of cuts.entries()) platform.sha256Into(cutOf(text, cut), out, 32 * i);
  return platform.sha256Hex(text);
}
