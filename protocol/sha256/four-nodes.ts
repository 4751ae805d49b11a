import { call, get, i32, i32x4, repeat, set, startWasm, v128, type Code } from '../wasm.ts';

const { add, shiftLeft, shiftRight, swapBytes, loadSplat, loadLane, storeLane } = i32x4;
const { and, or, xor, select, load, store } = v128;

/** Nodes that are hashed at once. */
const LANES = 4;
/** Bytes of a digest, of a pair of them, and of a vector. */
const DIGEST = 32;
const PAIR = 2 * DIGEST;
const VECTOR = 16;

/** Where in memory the constants are, the states of the four, a block of each one's message, and, after a byte, pairs. */
const CONSTANTS = 0;
const STATE = CONSTANTS + 64 * 4;
const BLOCK = STATE + 8 * VECTOR;
const PAIRS = BLOCK + 17 * VECTOR;
/** How many of them fit into its page, in fours. */
const MOST = 1012;

/** FIPS 180-4 §4.2.2. */
const K = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
];
/** §5.3.3. */
const H = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

const rotate = (x: Code, bits: number): Code => or(shiftRight(x, bits), shiftLeft(x, 32 - bits));

/** §4.1.2. */
const bigSigma0 = (x: Code): Code => xor(xor(rotate(x, 2), rotate(x, 13)), rotate(x, 22));
const bigSigma1 = (x: Code): Code => xor(xor(rotate(x, 6), rotate(x, 11)), rotate(x, 25));
const smallSigma0 = (x: Code): Code => xor(xor(rotate(x, 7), rotate(x, 18)), shiftRight(x, 3));
const smallSigma1 = (x: Code): Code => xor(xor(rotate(x, 17), rotate(x, 19)), shiftRight(x, 10));
const ch = (x: Code, y: Code, z: Code): Code => select(y, z, x);
const maj = (x: Code, y: Code, z: Code): Code => select(z, x, xor(x, y));

const ZERO = i32.const(0);

/** §6.2.2 in each lane: brings the states forward by the blocks. Its parameter, 0, tells the constants of 16 rounds. */
function compress(): Code {
  const [constants, words, state, sum] = [0, 1, 17, 25];
  const word = (t: number): Code => get(words + (t % 16));
  const schedule = Array.from({ length: 16 }, (_, t) =>
    set(words + t, add(add(smallSigma1(word(t + 14)), word(t + 9)), add(smallSigma0(word(t + 1)), word(t)))),
  );
  const rounds = Array.from({ length: 16 }, (_, t) => {
    // Not the values move on from letter to letter, but the letters.
    const [a, b, c, d, e, f, g, h] = Array.from({ length: 8 }, (_, i) => state + ((i + 16 - t) % 8)) as Eight;
    const constant = loadSplat(get(constants), CONSTANTS + 4 * t);
    const t1 = add(add(get(h), bigSigma1(get(e))), add(ch(get(e), get(f), get(g)), add(word(t), constant)));
    const t2 = add(bigSigma0(get(a)), maj(get(a), get(b), get(c)));
    return [set(sum, t1), set(d, add(get(d), get(sum))), set(h, add(get(sum), t2))];
  });
  const next = set(constants, i32.add(get(constants), i32.const(64)));
  return [
    Array.from({ length: 16 }, (_, t) => set(words + t, load(ZERO, BLOCK + t * VECTOR))),
    Array.from({ length: 8 }, (_, i) => set(state + i, load(ZERO, STATE + i * VECTOR))),
    rounds,
    repeat([next, schedule, rounds], i32.notEqual(get(constants), i32.const(192))),
    Array.from({ length: 8 }, (_, i) =>
      store(ZERO, STATE + i * VECTOR, add(get(state + i), load(ZERO, STATE + i * VECTOR))),
    ),
  ];
}

type Eight = [number, number, number, number, number, number, number, number];

/** The same word of four messages, from memory. */
const gather = (address: Code, offset: number): Code => {
  let value = i32x4.const(0);
  for (let lane = 0; lane < LANES; lane++) value = loadLane(address, offset + lane * PAIR, lane, value);
  return swapBytes(value);
};

/**
 * SHA-256(0x01 ‖ left ‖ right) of pairs, four at a time. Its parameters: the byte before the first pair, where the first
 * digest goes, and the byte before the end of the pairs.
 */
function hashNodes(): Code {
  const [from, to, end, vector] = [0, 1, 2, 3];
  const setWord = (t: number, value: Code): Code => store(ZERO, BLOCK + t * VECTOR, value);
  const callCompress = [ZERO, call(COMPRESS)];
  return repeat(
    [
      H.map((word, i) => store(ZERO, STATE + i * VECTOR, i32x4.const(word))),
      // The byte before a pair, whatever it is, becomes 0x01.
      setWord(0, or(and(gather(get(from), 0), i32x4.const(0x00ffffff)), i32x4.const(0x01000000))),
      Array.from({ length: 15 }, (_, i) => setWord(i + 1, gather(get(from), 4 * i + 4))),
      callCompress,
      // The second block: the last byte, a one, zeros, and the length in bits (§5.1.1).
      setWord(0, or(shiftLeft(gather(get(from), PAIR - 3), 24), i32x4.const(0x00800000))),
      Array.from({ length: 14 }, (_, i) => setWord(i + 1, i32x4.const(0))),
      setWord(15, i32x4.const(8 * (1 + PAIR))),
      callCompress,
      Array.from({ length: 8 }, (_, i) => [
        set(vector, swapBytes(load(ZERO, STATE + i * VECTOR))),
        Array.from({ length: LANES }, (_, lane) => storeLane(get(to), lane * DIGEST + 4 * i, lane, get(vector))),
      ]),
      set(from, i32.add(get(from), i32.const(LANES * PAIR))),
      set(to, i32.add(get(to), i32.const(LANES * DIGEST))),
    ],
    i32.notEqual(get(from), get(end)),
  );
}

const COMPRESS = 0;

/** Replaces `fours` times four pairs, at the start of `digests`, by the digests of their nodes. */
export type FoldFours = (digests: Uint8Array, fours: number) => void;

/**
 * Nodes of a Merkle tree (RFC 6962 §2.1), four in the time of one: for millions of them, where a call of the platform's
 * SHA-256 takes longer than the hashing. Null where there is no WebAssembly with vectors, or it may not be compiled.
 */
export function foldFours(): FoldFours | null {
  const wasm = startWasm([
    { params: 1, results: 0, vectors: 25, body: compress() },
    { params: 3, results: 0, vectors: 1, body: hashNodes() },
  ]);
  if (wasm === null) return null;
  const { buffer } = wasm.memory;
  const memory = new Uint8Array(buffer);
  for (const [i, word] of K.entries()) new DataView(buffer).setUint32(CONSTANTS + 4 * i, word, true);
  return (digests, fours) => {
    for (let done = 0; done < LANES * fours;) {
      const pairs = Math.min(MOST, LANES * fours - done);
      memory.set(digests.subarray(done * PAIR, (done + pairs) * PAIR), PAIRS);
      wasm.main(PAIRS - 1, PAIRS, PAIRS - 1 + pairs * PAIR);
      digests.set(memory.subarray(PAIRS, PAIRS + pairs * DIGEST), done * DIGEST);
      done += pairs;
    }
  };
}
