import {
  COUNT,
  DIGEST_WORDS,
  ENTRY_WORDS,
  GROUP,
  NOBODY,
  NOWHERE,
  OWNER,
  PLACES,
  SLOTS,
  startPlacing,
  type Place,
} from './place-digests.ts';

/** Digests as words, as the platform orders them: good for comparing, and for nothing else. */
export function wordsOf(digests: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = digests;
  return byteOffset % 4 === 0 ? new Int32Array(buffer, byteOffset, length / 4) : new Int32Array(digests.slice().buffer);
}

/** Words of digests that are placed at a time. */
const GROUP_WORDS = GROUP * DIGEST_WORDS;

/** Smaller tables are filled before anything is compiled for them. */
const WORTH_WASM = 2 ** 14;

/**
 * Different digests, how often each was counted, and who owns it: entries in the order they came, and slots by open
 * addressing, 46 bytes a digest at best and 51 at worst. They are compared in full. Where a digest is looked for depends on
 * `seed`: whoever picks digests without knowing it cannot make them collide.
 */
export class DigestTable {
  readonly capacity: number;
  readonly #seed: number;
  readonly #memory: Int32Array;
  readonly #place: Place;
  /** Of the group that was placed last: the word at which each one's entry begins. */
  readonly #places: Int32Array;
  /** The word at which the first entry begins. */
  readonly #entries: number;
  #size = 0;
  #counted = 0;
  #unowned = 0;
  readonly #owned = new Map<number, number>();

  constructor(capacity: number, seed: number, worthWasm = WORTH_WASM) {
    this.capacity = capacity;
    this.#seed = seed;
    const { memory, entries, place } = startPlacing(capacity, seed, capacity >= worthWasm);
    this.#memory = memory;
    this.#places = memory.subarray(PLACES, PLACES + GROUP);
    this.#entries = entries;
    this.#place = place;
  }

  /** How many different digests it holds. */
  get size(): number {
    return this.#size;
  }

  /** How many of them were counted and have no owner. */
  get unowned(): number {
    return this.#unowned;
  }

  /** How often the digests were counted that each owner was given. */
  get owned(): ReadonlyMap<number, number> {
    return this.#owned;
  }

  clear(): void {
    this.#memory.fill(0, SLOTS, this.#entries);
    this.#size = 0;
    this.#counted = 0;
    this.#unowned = 0;
    this.#owned.clear();
  }

  /** Adds digests before any are given; `counted` where they are to find an owner. False where there is no room for them all. */
  add(words: Int32Array, counted: boolean): boolean {
    const [memory, places] = [this.#memory, this.#places];
    for (let from = 0; from < words.length; from += GROUP_WORDS) {
      const placed = this.#placeGroup(words, from, this.capacity);
      for (let i = 0; i < placed; i++) {
        const entry = places[i] as number;
        if (entry === NOWHERE) return false;
        if (counted && (memory[entry + COUNT] = (memory[entry + COUNT] as number) + 1) === 1) this.#counted++;
      }
    }
    this.#unowned = this.#counted;
    return true;
  }

  /** Gives those that were counted to `owner`, 0 or more, unless they have one that is not among those it `succeeds`. */
  give(words: Int32Array, owner: number, succeeds?: Pick<ReadonlySet<number>, 'has'>): void {
    const [memory, places] = [this.#memory, this.#places];
    let given = 0;
    for (let from = 0; from < words.length; from += GROUP_WORDS) {
      const placed = this.#placeGroup(words, from, 0);
      for (let i = 0; i < placed; i++) {
        const entry = places[i] as number;
        if (entry === NOWHERE || memory[entry + COUNT] === 0) continue;
        const count = (memory[entry + COUNT] as number) >>> 0;
        const known = memory[entry + OWNER] as number;
        if (known === NOBODY) this.#unowned--;
        else if (succeeds?.has(known) === true) this.#countFor(known, -count);
        else continue;
        memory[entry + OWNER] = owner;
        given += count;
      }
    }
    this.#countFor(owner, given);
  }

  #countFor(owner: number, count: number): void {
    this.#owned.set(owner, (this.#owned.get(owner) ?? 0) + count);
  }

  /** As before anything was given. */
  disown(): void {
    if (this.#unowned === this.#counted) return;
    for (let entry = this.#entries; entry < this.#end; entry += ENTRY_WORDS) this.#memory[entry + OWNER] = NOBODY;
    this.#unowned = this.#counted;
    this.#owned.clear();
  }

  /** Whether the digest that begins at word `at` was counted and nobody owns it. */
  isUnowned(words: Int32Array, at: number): boolean {
    for (let i = 0; i < DIGEST_WORDS; i++) this.#memory[i] = words[at + i] as number;
    this.#place(1, this.#size, 0);
    const entry = this.#places[0] as number;
    return entry !== NOWHERE && this.#isUnowned(entry);
  }

  /** A table of those that were counted and that nobody owns: where they are few, it answers from the processor's cache. */
  unownedOnly(): DigestTable {
    const rest = new DigestTable(this.#unowned, this.#seed);
    for (let entry = this.#entries; rest.size < this.#unowned; entry += ENTRY_WORDS) {
      if (this.#isUnowned(entry)) rest.add(this.#memory.subarray(entry, entry + DIGEST_WORDS), true);
    }
    return rest;
  }

  /** The word behind the last entry. */
  get #end(): number {
    return this.#entries + ENTRY_WORDS * this.#size;
  }

  #isUnowned(entry: number): boolean {
    return this.#memory[entry + OWNER] === NOBODY && this.#memory[entry + COUNT] !== 0;
  }

  /** Finds the entries of the group at `from`, and answers how many it is; those without one get one while there are fewer than `most`. */
  #placeGroup(words: Int32Array, from: number, most: number): number {
    const end = Math.min(words.length, from + GROUP_WORDS);
    const count = (end - from) / DIGEST_WORDS;
    this.#memory.set(words.subarray(from, end));
    this.#size = this.#place(count, this.#size, most);
    return count;
  }
}
