/** Bytes a second that an answer must come at on the whole: a byte now and then would hold its reader for ever. */
const LEAST_PACE = 1024;
/** An upload makes no sound until it is done. Bytes a second that it is allowed to take. */
const UPLOAD_PACE = 64 * 1024;

/** How long one call is waited for. Its signal aborts once that is over, and the reason says in words what was missed. */
export class Patience {
  readonly #controller = new AbortController();
  readonly #silence: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #begun = 0;
  #received = 0;

  /** From when `sending` bytes go out. `silence` is the longest, in milliseconds, until the answer begins and between two pieces of it. */
  constructor(silence: number, sending: number) {
    this.#silence = silence;
    const longest = silence + (1000 * sending) / UPLOAD_PACE;
    this.#wait(longest, `no answer within ${seconds(longest)}`);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The answer begins. */
  begin(): void {
    this.#begun = performance.now();
    this.hear(0);
  }

  /** So many bytes of it came. On the whole it may take as long as two silences, and what its bytes take at the least pace. */
  hear(bytes: number): void {
    this.#received += bytes;
    const left = this.#begun + 2 * this.#silence + (1000 * this.#received) / LEAST_PACE - performance.now();
    if (left < this.#silence) this.#wait(left, `its answer comes at less than ${LEAST_PACE} bytes a second`);
    else this.#wait(this.#silence, `no more of its answer within ${seconds(this.#silence)}`);
  }

  /** The call is over. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number, missed: string): void {
    clearTimeout(this.#timer);
    if (ms <= 0) this.#controller.abort(missed);
    else this.#timer = setTimeout(() => this.#controller.abort(missed), ms);
  }
}

const seconds = (ms: number): string => `${Math.round(ms) / 1000} s`;
