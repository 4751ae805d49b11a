import { scanOf, type Scan } from './row-memory.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** 1 for the bytes that stand in a JSON string for themselves and are a character each. */
export const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** Steps over the bytes of a source that are {@link PLAIN}, 16 or four together where it can. */
export class PlainBytes {
  #source: Uint8Array = new Uint8Array();
  /** The buffer of the source in words, and where in it the source begins. */
  #words: Int32Array = new Int32Array();
  #base = 0;
  #scan: Scan | null = null;

  read(source: Uint8Array): void {
    if (source === this.#source) return;
    this.#source = source;
    this.#words = new Int32Array(source.buffer, 0, source.buffer.byteLength >> 2);
    this.#base = source.byteOffset;
    this.#scan = scanOf(source);
  }

  /** The first byte from `from` on that is another; `stop` or more where there is none before that. */
  skip(from: number, stop: number): number {
    if (this.#scan !== null) return this.#scan(from, stop);
    const [source, words, base] = [this.#source, this.#words, this.#base];
    let at = from;
    while (at < stop && ((base + at) & 3) !== 0 && PLAIN[source[at] as number] === 1) at++;
    if (((base + at) & 3) !== 0) return at;
    const last = (base + stop) >> 2;
    let word = (base + at) >> 2;
    while (word < last && isPlainWord(words[word] as number)) word++;
    at = (word << 2) - base;
    while (at < stop && PLAIN[source[at] as number] === 1) at++;
    return at;
  }
}

/**
 * Whether all four bytes stand in a JSON string for themselves: none past ASCII, below the space, a quote or a backslash.
 * A difference has its byte's highest bit set where the byte is smaller than what is taken away.
 */
const isPlainWord = (word: number): boolean =>
  ((word | (word - 0x20202020) | ((word ^ 0x22222222) - 0x01010101) | ((word ^ 0x5c5c5c5c) - 0x01010101)) &
    0x80808080) ===
  0;
