import { choose, get, i32, repeat, set, startWasm, v128, when, type Code } from '../wasm.ts';

/** 32-bit words of a digest. */
export const DIGEST_WORDS = 8;

/** Words of an entry: the digest, how often it was counted, and its owner. */
export const ENTRY_WORDS = 10;
export const COUNT = 8;
export const OWNER = 9;
export const NOBODY = -1;

/**
 * A slot is a word: the number of an entry, from 1, and above it the bits that this word of the entry's digest has there, which
 * tell it from most others. 0 is an empty one.
 */
const TAG = 3;

/** How full a table may become: linear probing stays short. */
const LOAD = 0.7;

/** Digests that are placed at a time. */
export const GROUP = 512;
/** The place of a digest that is in no entry. */
export const NOWHERE = 0;

/** A table's memory by words: a group of digests, the place of each, which is where its entry begins, slots, entries. */
export const PLACES = GROUP * DIGEST_WORDS;
export const SLOTS = PLACES + GROUP + 1;

/** What a digest's first slot goes by: two of its words, multiplied so that all of their bits count. */
const [LEFT, RIGHT] = [1, 2];
const [LEFT_FACTOR, RIGHT_FACTOR] = [0x9e3779b1, 0x85ebca6b];

/**
 * Notes the places of the first `count` digests of the memory. One that is in no entry gets one as long as there are fewer
 * than `most`. Answers how many entries there are then, of `size` before.
 */
export type Place = (count: number, size: number, most: number) => number;

export interface Placing {
  memory: Int32Array;
  /** The word at which the first entry begins. */
  entries: number;
  place: Place;
}

/** The memory of a table, and what places digests there: WebAssembly where that is wanted and can be had. */
export function startPlacing(capacity: number, seed: number, wantsWasm: boolean): Placing {
  const bits = Math.ceil(Math.log2(Math.max(2, capacity / LOAD)));
  const entries = SLOTS + 2 ** bits;
  const words = entries + ENTRY_WORDS * capacity;
  const numbers = 2 ** Math.ceil(Math.log2(capacity + 1)) - 1;
  const at: Layout = { seed: seed | 0, shift: 32 - bits, entries, numbers };
  return (wantsWasm ? placingByWasm(words, at) : null) ?? placingHere(new Int32Array(words), at);
}

interface Layout {
  seed: number;
  /** How far what a slot goes by is shifted to the right. */
  shift: number;
  entries: number;
  /** The bits of a slot that are the number of an entry. */
  numbers: number;
}

function placingHere(memory: Int32Array, { seed, shift, entries, numbers }: Layout): Placing {
  const homeOf = (digest: number): number =>
    SLOTS +
    ((Math.imul((memory[digest + LEFT] as number) ^ seed, LEFT_FACTOR) ^
      Math.imul((memory[digest + RIGHT] as number) + seed, RIGHT_FACTOR)) >>>
      shift);
  const entryOf = (number: number): number => entries + ENTRY_WORDS * (number - 1);
  /** The slot from `home` on that holds a digest, or the empty one where it would go. There always is an empty one. */
  const find = (digest: number, home: number): number => {
    const tag = memory[digest + TAG] as number;
    for (let slot = home; ; slot = slot + 1 === entries ? SLOTS : slot + 1) {
      const held = memory[slot] as number;
      const isLikely = ((held ^ tag) & ~numbers) === 0;
      if (held === 0 || (isLikely && isSame(memory, entryOf(held & numbers), digest))) return slot;
    }
  };
  const append = (digest: number, slot: number, number: number): number => {
    const entry = entryOf(number);
    memory[slot] = ((memory[digest + TAG] as number) & ~numbers) | number;
    for (let i = 0; i < DIGEST_WORDS; i++) memory[entry + i] = memory[digest + i] as number;
    memory[entry + COUNT] = 0;
    memory[entry + OWNER] = NOBODY;
    return entry;
  };
  const place: Place = (count, size, most) => {
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const home = homeOf(i * DIGEST_WORDS);
      memory[PLACES + i] = home;
      seen ^= memory[home] as number;
    }
    memory[PLACES + count] = seen;
    for (let i = 0; i < count; i++) {
      const digest = i * DIGEST_WORDS;
      const slot = find(digest, memory[PLACES + i] as number);
      const number = (memory[slot] as number) & numbers;
      if (number !== 0) memory[PLACES + i] = entryOf(number);
      else memory[PLACES + i] = size < most ? append(digest, slot, ++size) : NOWHERE;
    }
    return size;
  };
  return { memory, entries, place };
}

// Word by word: loops over eight words take twice the time.
const isSame = (words: Int32Array, a: number, b: number): boolean =>
  words[a] === words[b] &&
  words[a + 1] === words[b + 1] &&
  words[a + 2] === words[b + 2] &&
  words[a + 3] === words[b + 3] &&
  words[a + 4] === words[b + 4] &&
  words[a + 5] === words[b + 5] &&
  words[a + 6] === words[b + 6] &&
  words[a + 7] === words[b + 7];

const WORD = 4;
const PAGE = 65_536;

const load = (address: Code, word: number): Code => i32.load(address, word * WORD);
const store = (address: Code, word: number, value: Code): Code => i32.store(address, word * WORD, value);
const times = (a: Code, factor: number): Code => i32.multiply(a, i32.const(factor));

/**
 * The same in WebAssembly, by bytes: of the digests from 0 to `end`. All first slots are looked at before the first search:
 * memory answers many that are asked at once as soon as one, and a search that is not over keeps the processor from asking
 * for the next.
 */
function placeDigests(): Code {
  const [end, size, most, seed, shift, mask, entries, numbers] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [digest, place, slot, held, entry, isOpen, seen] = [8, 9, 10, 11, 12, 13, 14];
  const [first, second] = [15, 16];
  const start = [set(digest, i32.const(0)), set(place, i32.const(PLACES * WORD))];
  const next = [
    set(digest, i32.add(get(digest), i32.const(DIGEST_WORDS * WORD))),
    set(place, i32.add(get(place), i32.const(WORD))),
  ];
  const isMore = i32.notEqual(get(digest), get(end));
  const mixed = i32.xor(
    times(i32.xor(load(get(digest), LEFT), get(seed)), LEFT_FACTOR),
    times(i32.add(load(get(digest), RIGHT), get(seed)), RIGHT_FACTOR),
  );
  const look = [
    set(slot, times(i32.shiftRight(mixed, get(shift)), WORD)),
    store(get(place), 0, get(slot)),
    set(seen, i32.xor(get(seen), load(get(slot), SLOTS))),
  ];
  // Behind the places: what is written somewhere was not looked at in vain, and no compiler leaves it out.
  const keep = store(get(place), 0, get(seen));
  const toEntry = (number: Code): Code => set(entry, i32.add(get(entries), times(number, ENTRY_WORDS * WORD)));
  const otherBits = i32.xor(get(numbers), i32.const(-1));
  const append = [
    set(size, i32.add(get(size), i32.const(1))),
    toEntry(get(size)),
    store(get(slot), SLOTS, i32.or(i32.and(load(get(digest), TAG), otherBits), get(size))),
    v128.store(get(entry), 0, get(first)),
    v128.store(get(entry), 16, get(second)),
    store(get(entry), COUNT, i32.const(0)),
    store(get(entry), OWNER, i32.const(NOBODY)),
  ];
  const differs = (half: number, offset: number): Code => v128.xor(get(half), v128.load(get(entry), offset));
  const compare = [
    toEntry(i32.and(get(held), get(numbers))),
    set(isOpen, v128.anyTrue(v128.or(differs(first, 0), differs(second, 16)))),
  ];
  const search = [
    set(held, load(get(slot), SLOTS)),
    set(isOpen, i32.const(0)),
    choose(
      i32.isZero(get(held)),
      choose(i32.less(get(size), get(most)), append, set(entry, i32.const(NOWHERE))),
      choose(i32.and(i32.xor(get(held), load(get(digest), TAG)), otherBits), set(isOpen, i32.const(1)), compare),
    ),
    when(get(isOpen), set(slot, i32.and(i32.add(get(slot), i32.const(WORD)), get(mask)))),
  ];
  const settle = [
    set(slot, load(get(place), 0)),
    set(first, v128.load(get(digest), 0)),
    set(second, v128.load(get(digest), 16)),
    repeat(search, get(isOpen)),
    store(get(place), 0, i32.shiftRight(get(entry), i32.const(Math.log2(WORD)))),
  ];
  return [start, repeat([look, next], isMore), keep, start, repeat([settle, next], isMore), get(size)];
}

/** Whether words are in memory as WebAssembly has them. */
const IS_LITTLE_ENDIAN = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

/** Null where there is no WebAssembly with vectors, or not so much memory. */
function placingByWasm(words: number, { seed, shift, entries, numbers }: Layout): Placing | null {
  const wasm = IS_LITTLE_ENDIAN
    ? startWasm([{ params: 8, results: 1, integers: 7, vectors: 2, body: placeDigests() }])
    : null;
  try {
    wasm?.memory.grow(Math.ceil((words * WORD) / PAGE) - 1);
  } catch {
    return null;
  }
  if (wasm === null) return null;
  const mask = (entries - SLOTS - 1) * WORD;
  // They are numbered from 1.
  const base = (entries - ENTRY_WORDS) * WORD;
  return {
    memory: new Int32Array(wasm.memory.buffer, 0, words),
    entries,
    place: (count, size, most) => wasm.main(count * DIGEST_WORDS * WORD, size, most, seed, shift, mask, base, numbers),
  };
}
