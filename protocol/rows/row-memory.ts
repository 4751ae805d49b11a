import { answer, get, i32, i8x16, repeat, set, startWasm, v128, when, type Code, type Wasm } from '../wasm.ts';

/** Bytes that a row may be longer than its line, in canonical form. */
export const CANONICAL_SLACK = 64;

/** Bytes that are read at once, and that may be read past the lines. */
const VECTOR = 16;
const PAST = 2 * VECTOR;
const PAGE = 65_536;

/**
 * Where lines are read and rows written: one memory for all, as nobody needs what is in it for longer than a call. It is
 * WebAssembly's where that has vectors, to look at 16 bytes at once.
 */
let memory = new Uint8Array();
let scanner: Wasm | null = null;
/** Views of its first bytes by how many: to make one for each row would take longer than to copy it. */
let leaves: Uint8Array[] = [];
const MOST_LEAVES = 4096;

/** The first `bytes` of the memory. */
export const leafOf = (bytes: number): Uint8Array =>
  bytes < MOST_LEAVES ? (leaves[bytes] ??= memory.subarray(0, bytes)) : memory.subarray(0, bytes);

/** Puts `source[from, end)` at `at` in the memory. Before it are 0x00, the prefix of a leaf, and room for the row of any line in it. */
export function placeLines(source: Uint8Array, from: number, end: number): { memory: Uint8Array; at: number } {
  const at = 1 + end - from + CANONICAL_SLACK;
  const needed = at + end - from + PAST;
  if (memory.length < needed) {
    memory = largerMemory(Math.max(needed, 2 * memory.length));
    leaves = [];
  }
  memory[0] = 0;
  memory.set(source.subarray(from, end), at);
  return { memory, at };
}

function largerMemory(needed: number): Uint8Array<ArrayBuffer> {
  scanner ??= startWasm([{ params: 2, results: 1, vectors: 1, body: otherByte() }]);
  try {
    scanner?.memory.grow(Math.ceil((needed - scanner.memory.buffer.byteLength) / PAGE));
  } catch {
    scanner = null;
  }
  return scanner === null ? new Uint8Array(needed) : new Uint8Array(scanner.memory.buffer);
}

/** Answers the first byte from `from` on that does not stand for itself in a JSON string, or one from `stop` on. */
export type Scan = (from: number, stop: number) => number;

/** For the memory of rows, where it is WebAssembly's. */
export const scanOf = (source: Uint8Array): Scan | null => (source === memory && scanner ? scanner.main : null);

/** The code of a {@link Scan}. */
function otherByte(): Code {
  const [from, stop, bytes] = [0, 1, 2];
  const is = (byte: number): Code => i8x16.equal(get(bytes), i8x16.const(byte));
  // Of signed bytes, those past ASCII are less than a space, too.
  const isOther = v128.or(i8x16.less(get(bytes), i8x16.const(0x20)), v128.or(is(0x22), is(0x5c)));
  return [
    repeat(
      [
        set(bytes, v128.load(get(from), 0)),
        set(bytes, isOther),
        when(v128.anyTrue(get(bytes)), answer(i32.add(get(from), i32.trailingZeros(i8x16.bitmask(get(bytes)))))),
        set(from, i32.add(get(from), i32.const(VECTOR))),
      ],
      i32.less(get(from), get(stop)),
    ),
    get(from),
  ];
}
