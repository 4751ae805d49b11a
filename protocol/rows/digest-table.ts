/** 32-bit words of a digest. */
export const DIGEST_WORDS = 8;

/** Digests as words, as the platform orders them: good for comparing, and for nothing else. */
export function wordsOf(digests: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = digests;
  return byteOffset % 4 === 0 ? new Int32Array(buffer, byteOffset, length / 4) : new Int32Array(digests.slice().buffer);
}

/** Words of a slot: the digest, how often it was counted, and its state. */
const SLOT_WORDS = DIGEST_WORDS + 2;
const COUNT = DIGEST_WORDS;
const STATE = DIGEST_WORDS + 1;

/** States of a slot; from OWNED on, the owner's number is added. */
const EMPTY = 0;
const UNOWNED = 1;
const OWNED = 2;

/** How full a table may become: linear probing stays short. */
const LOAD = 0.7;

/**
 * Different digests, how often each was counted, and who owns it: open addressing in one typed array, 57 bytes a digest
 * at best and twice that at worst. They are compared in full. Where a digest is looked for depends on `seed`: whoever
 * picks digests without knowing it cannot make them collide.
 */
export class DigestTable {
  readonly capacity: number;
  readonly #seed: number;
  readonly #mask: number;
  readonly #slots: Int32Array;
  #size = 0;
  #unowned = 0;

  constructor(capacity: number, seed: number) {
    this.capacity = capacity;
    this.#seed = seed | 0;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(2, capacity / LOAD)));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(slots * SLOT_WORDS);
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

  /**
   * Adds the digest that begins at word `at`; `counted` where it is one to find the owner of. False where there is no
   * room for it.
   */
  add(words: Int32Array, at: number, counted: boolean): boolean {
    const slots = this.#slots;
    const slot = this.#find(words, at);
    if (slots[slot + STATE] === EMPTY) {
      if (this.#size === this.capacity) return false;
      this.#size++;
      for (let i = 0; i < DIGEST_WORDS; i++) slots[slot + i] = words[at + i] as number;
      slots[slot + STATE] = UNOWNED;
    }
    if (counted && (slots[slot + COUNT] = (slots[slot + COUNT] as number) + 1) === 1) this.#unowned++;
    return true;
  }

  /** Gives a counted digest to `owner`, 0 or more, unless it has one that is not among those whom it `succeeds`. */
  give(words: Int32Array, at: number, owner: number, succeeds?: Pick<ReadonlySet<number>, 'has'>): void {
    const slots = this.#slots;
    const slot = this.#find(words, at);
    const state = slots[slot + STATE] as number;
    if (slots[slot + COUNT] === 0) return;
    if (state === UNOWNED) this.#unowned--;
    else if (succeeds?.has(state - OWNED) !== true) return;
    slots[slot + STATE] = OWNED + owner;
  }

  /** Adds, to what each owner has, how often the digests were counted that it was given. */
  countInto(owned: Map<number, number>): void {
    const slots = this.#slots;
    for (let slot = 0; slot < slots.length; slot += SLOT_WORDS) {
      const owner = (slots[slot + STATE] as number) - OWNED;
      if (owner >= 0) owned.set(owner, (owned.get(owner) ?? 0) + ((slots[slot + COUNT] as number) >>> 0));
    }
  }

  /** Whether this digest was counted and nobody owns it. */
  isUnowned(words: Int32Array, at: number): boolean {
    const slot = this.#find(words, at);
    return this.#slots[slot + STATE] === UNOWNED && this.#slots[slot + COUNT] !== 0;
  }

  /** A table of those that were counted and that nobody owns: where they are few, it answers from the processor's cache. */
  unownedOnly(): DigestTable {
    const rest = new DigestTable(this.#unowned, this.#seed);
    const slots = this.#slots;
    for (let slot = 0; slot < slots.length && rest.size < this.#unowned; slot += SLOT_WORDS) {
      if (slots[slot + STATE] === UNOWNED && slots[slot + COUNT] !== 0) rest.add(slots, slot, true);
    }
    return rest;
  }

  /** Where the slot begins that holds this digest, or the empty one where it would go. There always is an empty one. */
  #find(words: Int32Array, at: number): number {
    const slots = this.#slots;
    const mixed =
      Math.imul((words[at + 1] as number) ^ this.#seed, 0x9e3779b1) ^
      Math.imul((words[at + 2] as number) + this.#seed, 0x85ebca6b);
    for (let number = (mixed ^ (mixed >>> 15)) & this.#mask; ; number = (number + 1) & this.#mask) {
      const slot = number * SLOT_WORDS;
      if (slots[slot + STATE] === EMPTY) return slot;
      let same = 0;
      while (same < DIGEST_WORDS && slots[slot + same] === words[at + same]) same++;
      if (same === DIGEST_WORDS) return slot;
    }
  }
}
