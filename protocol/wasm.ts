// Writes WebAssembly, for the few loops that its vectors make several times quicker. What is run can be read where it is
// written, and there is nothing to build.

/** Instructions of WebAssembly as bytes (WebAssembly 2.0 §5.4). What takes values comes after the code of each. */
export type Code = number | readonly Code[];

/** §5.2.2: LEB128 of an unsigned integer. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** §5.2.2: LEB128 of a signed integer of 32 bits. */
function signed(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest >= -0x40 && rest < 0x40) return [...bytes, rest & 0x7f];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** An instruction on vectors, with its immediate. */
const vector = (opcode: number, ...immediate: Code[]): Code => [0xfd, unsigned(opcode), ...immediate];
/** A place in memory: any alignment will do. */
const memory = (offset: number): Code => [0, unsigned(offset)];

export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];
export const call = (func: number): Code => [0x10, unsigned(func)];
/** Ends the function with this value. */
export const answer = (value: Code): Code => [value, 0x0f];
/** Runs `body` where `condition`, an i32, is not 0. */
export const when = (condition: Code, body: Code): Code => [condition, 0x04, 0x40, body, 0x0b];
/** Runs one of them: `body` where `condition`, an i32, is not 0. */
export const choose = (condition: Code, body: Code, other: Code): Code => [
  condition,
  0x04,
  0x40,
  body,
  0x05,
  other,
  0x0b,
];
/** Repeats `body` until `condition`, an i32, is 0. */
export const repeat = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b];

/** Integers of 32 bits. */
export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  add: (a: Code, b: Code): Code => [a, b, 0x6a],
  multiply: (a: Code, b: Code): Code => [a, b, 0x6c],
  and: (a: Code, b: Code): Code => [a, b, 0x71],
  or: (a: Code, b: Code): Code => [a, b, 0x72],
  xor: (a: Code, b: Code): Code => [a, b, 0x73],
  shiftLeft: (a: Code, b: Code): Code => [a, b, 0x74],
  /** Of an unsigned one. */
  shiftRight: (a: Code, b: Code): Code => [a, b, 0x76],
  isZero: (a: Code): Code => [a, 0x45],
  notEqual: (a: Code, b: Code): Code => [a, b, 0x47],
  /** Of unsigned ones. */
  less: (a: Code, b: Code): Code => [a, b, 0x49],
  load: (from: Code, offset = 0): Code => [from, 0x28, memory(offset)],
  store: (to: Code, offset: number, a: Code): Code => [to, a, 0x36, memory(offset)],
  trailingZeros: (a: Code): Code => [a, 0x68],
};

/** Vectors of 128 bits. */
export const v128 = {
  and: (a: Code, b: Code): Code => [a, b, vector(0x4e)],
  or: (a: Code, b: Code): Code => [a, b, vector(0x50)],
  xor: (a: Code, b: Code): Code => [a, b, vector(0x51)],
  /** The bits of `a` where `mask` has ones, those of `b` where it has none. */
  select: (a: Code, b: Code, mask: Code): Code => [a, b, mask, vector(0x52)],
  anyTrue: (a: Code): Code => [a, vector(0x53)],
  load: (from: Code, offset: number): Code => [from, vector(0x00, memory(offset))],
  store: (to: Code, offset: number, a: Code): Code => [to, a, vector(0x0b, memory(offset))],
};

/** As 16 integers of 8 bits. */
export const i8x16 = {
  /** 16 times the same. */
  const: (value: number): Code =>
    vector(
      0x0c,
      Array.from({ length: 16 }, () => value),
    ),
  /** All ones where it holds, else zeros. */
  equal: (a: Code, b: Code): Code => [a, b, vector(0x23)],
  /** Of signed ones. */
  less: (a: Code, b: Code): Code => [a, b, vector(0x25)],
  /** The highest bit of each. */
  bitmask: (a: Code): Code => [a, vector(0x64)],
};

/** As four integers of 32 bits. */
export const i32x4 = {
  /** Four times the same. */
  const(value: number): Code {
    const word = [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
    return vector(0x0c, word, word, word, word);
  },
  add: (a: Code, b: Code): Code => [a, b, vector(0xae)],
  shiftLeft: (a: Code, bits: number): Code => [a, i32.const(bits), vector(0xab)],
  shiftRight: (a: Code, bits: number): Code => [a, i32.const(bits), vector(0xad)],
  /** Each with its bytes in the other order. */
  swapBytes: (a: Code): Code => [a, a, vector(0x0d, [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12])],
  /** Four times the one there. */
  loadSplat: (from: Code, offset: number): Code => [from, vector(0x09, memory(offset))],
  /** `a`, but one lane of it from memory. */
  loadLane: (from: Code, offset: number, lane: number, a: Code): Code => [from, a, vector(0x56, memory(offset), lane)],
  storeLane: (to: Code, offset: number, lane: number, a: Code): Code => [to, a, vector(0x5a, memory(offset), lane)],
};

/** A function of i32s, which are its first locals; more i32s follow, then vectors. */
export interface WasmFunction {
  params: number;
  results: 0 | 1;
  integers?: number;
  vectors: number;
  body: Code;
}

const I32 = 0x7f;
const V128 = 0x7b;

/** §5.5: a module with one page of memory, exported as `memory`, and its last function, exported as `main`. */
function moduleOf(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const list = (items: readonly Code[]): Code => [unsigned(items.length), items];
  const section = (id: number, items: readonly Code[]): Code => [id, sized(list(items))];
  const integers = (count: number): Code => list(Array.from({ length: count }, () => I32));
  const types = functions.map(({ params, results }) => [0x60, integers(params), integers(results)]);
  const indices = functions.map((_, i) => unsigned(i));
  const exported = [
    [name('memory'), 2, 0],
    [name('main'), 0, unsigned(functions.length - 1)],
  ];
  const locals = (integers: number, vectors: number): Code =>
    list([
      [unsigned(integers), I32],
      [unsigned(vectors), V128],
    ]);
  const bodies = functions.map(({ integers = 0, vectors, body }) => sized([locals(integers, vectors), body, 0x0b]));
  const sections = [
    section(1, types),
    section(3, indices),
    section(5, [[0, 1]]),
    section(7, exported),
    section(10, bodies),
  ];
  return Uint8Array.from(flat([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, sections]));
}

const sized = (code: Code): Code => {
  const bytes = flat(code);
  return [unsigned(bytes.length), bytes];
};

const name = (text: string): Code => sized(Array.from(text, (letter) => letter.charCodeAt(0)));

/** The bytes of it. */
function flat(code: Code, bytes: number[] = []): number[] {
  if (typeof code === 'number') bytes.push(code);
  else for (const part of code) flat(part, bytes);
  return bytes;
}

/** A module that runs. */
export interface Wasm {
  /** One page, and more where it is grown. */
  memory: WebAssembly.Memory;
  main: (...params: number[]) => number;
}

/** Null where there is no WebAssembly with vectors, or none may be compiled. */
export function startWasm(functions: readonly WasmFunction[]): Wasm | null {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(functions)));
    return { memory: exports['memory'] as WebAssembly.Memory, main: exports['main'] as Wasm['main'] };
  } catch {
    return null;
  }
}
