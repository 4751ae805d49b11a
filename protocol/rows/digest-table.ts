/** 32-bit words of a digest. */
export const DIGEST_WORDS = 8;

/** Digests as words, as the platform orders them: good for comparing, and for nothing else. */
export function wordsOf(digests: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = digests;
  return byteOffset % 4 === 0 ? new Int32Array(buffer, byteOffset, length / 4) : new Int32Array(digests.slice().buffer);
}

/** Words of an entry: the digest, how often it was counted, and its owner. */
const ENTRY_WORDS = DIGEST_WORDS + 2;
const COUNT = DIGEST_WORDS;
const OWNER = DIGEST_WORDS + 1;
const NOBODY = -1;

/** Words of a slot: one of a digest, which tells most others apart, and the number of its entry, from 1; 0 for none. */
const SLOT_WORDS = 2;
const TAG = 3;

/** How full a table may become: linear probing stays short. */
const LOAD = 0.7;

/** Digests that are looked for at a time, and their words. */
const GROUP = 512;
const GROUP_WORDS = GROUP * DIGEST_WORDS;

/**
 * Different digests, how often each was counted, and who owns it: entries in the order they came, and slots by open
 * addressing, 51 bytes a digest at best and 63 at worst. They are compared in full. Where a digest is looked for depends on
 * `seed`: whoever picks digests without knowing it cannot make them collide.
 */
export class DigestTable {
  readonly capacity: number;
  readonly #seed: number;
  readonly #shift: number;
  readonly #slots: Int32Array;
  readonly #entries: Int32Array;
  #size = 0;
  #unowned = 0;
  /** Of a group: the slot where each is looked for, and the number of the entry that is there. */
  readonly #homes = new Int32Array(GROUP);
  readonly #firsts = new Int32Array(GROUP);
  /** Of those that by their tags it seems to hold: where they are in their words, and their entries. */
  readonly #places = new Int32Array(GROUP);
  readonly #found = new Int32Array(GROUP);

  constructor(capacity: number, seed: number) {
    this.capacity = capacity;
    this.#seed = seed | 0;
    const bits = Math.ceil(Math.log2(Math.max(2, capacity / LOAD)));
    this.#shift = 32 - bits;
    this.#slots = new Int32Array(SLOT_WORDS * 2 ** bits);
    this.#entries = new Int32Array(ENTRY_WORDS * capacity);
  }

  /** How many different digests it holds. */
  get size(): number {
    return this.#size;
  }

  /** How many of them were counted and have no owner. */
  get unowned(): number {
    return this.#unowned;
  }

  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
    this.#unowned = 0;
  }

  /** Adds digests; `counted` where they are to find the owner of. False where there is no room for them all. */
  add(words: Int32Array, counted: boolean): boolean {
    const homes = this.#homes;
    for (let from = 0; from < words.length; from += GROUP_WORDS) {
      const gathered = this.#gather(words, from);
      for (let i = 0; i < gathered; i++) {
        if (!this.#addOne(words, from + i * DIGEST_WORDS, homes[i] as number, counted)) return false;
      }
    }
    return true;
  }

  #addOne(words: Int32Array, at: number, home: number, counted: boolean): boolean {
    const entries = this.#entries;
    const slot = this.#find(words, at, home);
    let entry = entryIn(this.#slots, slot);
    if (entry < 0) {
      if (this.#size === this.capacity) return false;
      entry = ENTRY_WORDS * this.#size++;
      this.#slots[slot] = words[at + TAG] as number;
      this.#slots[slot + 1] = this.#size;
      copyDigest(words, at, entries, entry);
      entries[entry + COUNT] = 0;
      entries[entry + OWNER] = NOBODY;
    }
    if (counted && (entries[entry + COUNT] = (entries[entry + COUNT] as number) + 1) === 1) this.#unowned++;
    return true;
  }

  /** Gives those that were counted to `owner`, 0 or more, unless they have one that is not among those it `succeeds`. */
  give(words: Int32Array, owner: number, succeeds?: Pick<ReadonlySet<number>, 'has'>): void {
    const entries = this.#entries;
    const found = this.#found;
    for (let from = 0; from < words.length; from += GROUP_WORDS) {
      const held = this.#lookUp(words, from);
      for (let i = 0; i < held; i++) {
        const entry = found[i] as number;
        if (entries[entry + COUNT] === 0) continue;
        const known = entries[entry + OWNER] as number;
        if (known === NOBODY) this.#unowned--;
        else if (succeeds?.has(known) !== true) continue;
        entries[entry + OWNER] = owner;
      }
    }
  }

  /** Whether the digest that begins at word `at` was counted and nobody owns it. */
  isUnowned(words: Int32Array, at: number): boolean {
    const entry = entryIn(this.#slots, this.#find(words, at, this.#homeOf(words, at)));
    return entry >= 0 && this.#isUnowned(entry);
  }

  /** Adds, to what each owner has, how often the digests were counted that it was given. */
  countInto(owned: Map<number, number>): void {
    const entries = this.#entries;
    for (let entry = 0; entry < this.#size * ENTRY_WORDS; entry += ENTRY_WORDS) {
      const owner = entries[entry + OWNER] as number;
      if (owner !== NOBODY) owned.set(owner, (owned.get(owner) ?? 0) + ((entries[entry + COUNT] as number) >>> 0));
    }
  }

  /** A table of those that were counted and that nobody owns: where they are few, it answers from the processor's cache. */
  unownedOnly(): DigestTable {
    const rest = new DigestTable(this.#unowned, this.#seed);
    const entries = this.#entries;
    for (let entry = 0; rest.size < this.#unowned; entry += ENTRY_WORDS) {
      if (this.#isUnowned(entry)) rest.add(entries.subarray(entry, entry + DIGEST_WORDS), true);
    }
    return rest;
  }

  #isUnowned(entry: number): boolean {
    return this.#entries[entry + OWNER] === NOBODY && this.#entries[entry + COUNT] !== 0;
  }

  /**
   * Notes where the digests of the group at `from` are looked for, and what is there: memory answers many that are asked at
   * once as soon as one, and a search that is not over keeps the processor from asking for the next. Answers how many
   * they are.
   */
  #gather(words: Int32Array, from: number): number {
    const slots = this.#slots;
    const homes = this.#homes;
    const firsts = this.#firsts;
    const count = Math.min(GROUP, Math.floor((words.length - from) / DIGEST_WORDS));
    for (let i = 0, at = from; i < count; i++, at += DIGEST_WORDS) {
      const home = this.#homeOf(words, at);
      homes[i] = home;
      firsts[i] = slots[home + 1] as number;
    }
    return count;
  }

  /** Looks up the group at `from`, in steps for the same reason. Answers how many of it were found. */
  #lookUp(words: Int32Array, from: number): number {
    const slots = this.#slots;
    const entries = this.#entries;
    const homes = this.#homes;
    const firsts = this.#firsts;
    const places = this.#places;
    const found = this.#found;
    const count = this.#gather(words, from);
    let likely = 0;
    for (let i = 0; i < count; i++) {
      if (firsts[i] === 0) continue;
      const at = from + i * DIGEST_WORDS;
      const tag = words[at + TAG] as number;
      for (let slot = homes[i] as number; slots[slot + 1] !== 0; slot = after(slots, slot)) {
        if (slots[slot] !== tag) continue;
        homes[likely] = slot;
        places[likely] = at;
        found[likely++] = entryIn(slots, slot);
        break;
      }
    }
    let held = 0;
    for (let i = 0; i < likely; i++) {
      const at = places[i] as number;
      let entry = found[i] as number;
      if (!isSame(words, at, entries, entry)) {
        entry = entryIn(slots, this.#find(words, at, homes[i] as number));
        if (entry < 0) continue;
      }
      places[held] = at;
      found[held++] = entry;
    }
    return held;
  }

  #homeOf(words: Int32Array, at: number): number {
    const mixed =
      Math.imul((words[at + 1] as number) ^ this.#seed, 0x9e3779b1) ^
      Math.imul((words[at + 2] as number) + this.#seed, 0x85ebca6b);
    return SLOT_WORDS * (mixed >>> this.#shift);
  }

  /** The slot that holds a digest, or the empty one where it would go. There always is an empty one. */
  #find(words: Int32Array, at: number, home: number): number {
    const slots = this.#slots;
    const entries = this.#entries;
    const tag = words[at + TAG] as number;
    for (let slot = seek(slots, tag, home); ; slot = seek(slots, tag, after(slots, slot))) {
      const entry = entryIn(slots, slot);
      if (entry < 0 || isSame(words, at, entries, entry)) return slot;
    }
  }
}

const after = (slots: Int32Array, slot: number): number => (slot + SLOT_WORDS) & (slots.length - 1);

/** The first slot with this tag, or without an entry, from `slot` on. */
function seek(slots: Int32Array, tag: number, from: number): number {
  let slot = from;
  while (slots[slot + 1] !== 0 && slots[slot] !== tag) slot = after(slots, slot);
  return slot;
}

/** Where the entry of a slot begins; less than 0 where it has none. */
const entryIn = (slots: Int32Array, slot: number): number => ENTRY_WORDS * ((slots[slot + 1] as number) - 1);

// Word by word: loops over eight words take twice the time.
const isSame = (a: Int32Array, i: number, b: Int32Array, j: number): boolean =>
  a[i] === b[j] &&
  a[i + 1] === b[j + 1] &&
  a[i + 2] === b[j + 2] &&
  a[i + 3] === b[j + 3] &&
  a[i + 4] === b[j + 4] &&
  a[i + 5] === b[j + 5] &&
  a[i + 6] === b[j + 6] &&
  a[i + 7] === b[j + 7];

function copyDigest(from: Int32Array, at: number, to: Int32Array, into: number): void {
  to[into] = from[at] as number;
  to[into + 1] = from[at + 1] as number;
  to[into + 2] = from[at + 2] as number;
  to[into + 3] = from[at + 3] as number;
  to[into + 4] = from[at + 4] as number;
  to[into + 5] = from[at + 5] as number;
  to[into + 6] = from[at + 6] as number;
  to[into + 7] = from[at + 7] as number;
}
