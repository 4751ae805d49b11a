/** A map that forgets its least recently used entry once it is full; before that, what was used is not kept track of. */
export class BoundedCache<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: K, make: () => V): V {
    const isFull = this.#entries.size >= this.#capacity;
    let value = this.#entries.get(key);
    if (value === undefined) {
      value = make();
      if (isFull) this.#entries.delete(this.#entries.keys().next().value as K);
    } else {
      if (!isFull) return value;
      this.#entries.delete(key);
    }
    this.#entries.set(key, value);
    return value;
  }
}
