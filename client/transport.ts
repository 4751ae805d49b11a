import { limits } from '../schemas/limits.ts';
import { Problem, type ProblemCode } from '../schemas/problem.ts';
import { fromUtf8, type Bytes } from '../protocol/bytes.ts';
import { parseJson } from '../protocol/json.ts';
import { backoff, LONGEST_WAIT, retryAfter } from './backoff.ts';
import { NetworkError, RegistryError, UntrustedError } from './errors.ts';
import { Patience } from './patience.ts';

export interface TransportOptions {
  /** Where the registry is: `https://registry.example`, with a path where it lives under one. */
  url: string;
  /** Defaults to the platform's own. */
  fetch?: typeof fetch;
  /**
   * Longest silence, in milliseconds: until the answer begins, and between two pieces of it. Default 30,000. An answer
   * that takes longer than two of them must have come at 1,024 bytes a second.
   */
  timeout?: number;
  /** How often a call is tried again. Default 4. */
  retries?: number;
  /** First wait before a retry, in milliseconds; it doubles from there. Default 250. */
  backoff?: number;
  /** Ends every call, as if it had failed on the way; none is tried again. */
  signal?: AbortSignal;
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT';
  /** From the registry's root: `/v1/statements`. */
  path: string;
  body?: string | Bytes;
  contentType?: string;
  /** A token to show (RFC 6750). */
  bearer?: string;
  /** The answer's largest size in bytes. */
  maxBytes: number;
  /** Statuses besides 2xx that are answers, not errors. */
  accept?: readonly number[];
}

export interface Answer {
  status: number;
  bytes: Bytes;
}

/**
 * Makes HTTP calls that are bounded in time and size, and repeats those that failed in passing. Every call of the
 * registry's API is idempotent (a statement is known by its id, a blob by its digest), so all may be repeated.
 */
export class Transport {
  readonly url: string;
  readonly #fetch: typeof fetch;
  readonly #timeout: number;
  readonly #retries: number;
  readonly #backoff: number;
  readonly #signal: AbortSignal | null;

  constructor(options: TransportOptions) {
    const url = serviceUrl(options.url);
    if (url === null) throw new TypeError('url: expected http(s)://host[:port][/path]');
    this.url = url;
    // Called as a plain function: workerd refuses a fetch with another `this`.
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#timeout = options.timeout ?? 30_000;
    this.#retries = options.retries ?? 4;
    this.#backoff = options.backoff ?? 250;
    this.#signal = options.signal ?? null;
  }

  /** The answer, 2xx. Throws {@link RegistryError}, {@link NetworkError} or {@link UntrustedError}. */
  async call(call: Call): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(call);
      } catch (error) {
        const isOver = attempt > this.#retries || this.#signal?.aborted === true;
        const wait = isOver ? null : this.#waitAfter(error, attempt);
        if (wait === null) throw error instanceof Refused ? error.reason : error;
        await pause(wait, this.#signal);
      }
    }
  }

  /** How long to wait before another attempt; null where another would be of no use. */
  #waitAfter(error: unknown, attempt: number): number | null {
    if (error instanceof NetworkError) return backoff(attempt, this.#backoff, Math.random());
    if (!(error instanceof Refused) || (error.reason.status !== 429 && error.reason.status < 500)) return null;
    if (error.retryAfter === null) return backoff(attempt, this.#backoff, Math.random());
    return error.retryAfter > LONGEST_WAIT ? null : error.retryAfter;
  }

  async #attempt({ method = 'GET', path, body, contentType, bearer, maxBytes, accept = [] }: Call): Promise<Answer> {
    const patience = new Patience(this.#timeout, body?.length ?? 0);
    try {
      const response = await this.#fetch(`${this.url}${path}`, {
        method,
        signal: this.#signal === null ? patience.signal : AbortSignal.any([patience.signal, this.#signal]),
        ...(body === undefined ? {} : { body }),
        headers: {
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
      });
      patience.begin();
      const isAnswer = response.ok || accept.includes(response.status);
      const bytes = await readBounded(response, isAnswer ? maxBytes : limits.noteBytes, patience);
      if (isAnswer) return { status: response.status, bytes };
      throw new Refused(
        problemOf(response.status, bytes, `${method} ${path}`),
        retryAfter(response.headers.get('retry-after'), Date.now()),
      );
    } catch (error) {
      if (error instanceof Refused || error instanceof UntrustedError) throw error;
      throw new NetworkError(`cannot reach ${this.url}: ${reasonOf(error, patience.signal)}`, { cause: error });
    } finally {
      patience.end();
    }
  }
}

/** `http(s)://host[:port][/path]`, to which paths are added; null where it is none, or has a name, a query or a fragment. */
export function serviceUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}${url.pathname}`) return null;
  return url.href.replace(/\/+$/, '');
}

/** Waits, until `signal` aborts at the latest. */
function pause(ms: number, signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** A refusal with the server's word on when to come back. */
class Refused extends Error {
  readonly reason: RegistryError;
  readonly retryAfter: number | null;

  constructor(reason: RegistryError, wait: number | null) {
    super(reason.message);
    this.reason = reason;
    this.retryAfter = wait;
  }
}

/** Reads a body of untrusted length up to `max` bytes, as long as it comes; throws UntrustedError past them. */
async function readBounded(response: Response, max: number, patience: Patience): Promise<Bytes> {
  const reader = response.body?.getReader();
  // Room for what it says to have, whatever that is; what was compressed has more.
  const declared = Number(response.headers.get('content-length')) || 0;
  let bytes = new Uint8Array(Math.max(0, Math.min(max, declared)));
  let length = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) break;
    patience.hear(value.length);
    const from = length;
    length += value.length;
    if (length > max) {
      await reader?.cancel();
      throw new UntrustedError(`the answer of ${response.url || 'the registry'} is larger than ${max} bytes`);
    }
    if (length > bytes.length) bytes = withRoom(bytes.subarray(0, from), Math.min(max, 2 * length));
    bytes.set(value, from);
  }
  return length === bytes.length ? bytes : bytes.slice(0, length);
}

/** A copy of what was read, with room for more. */
function withRoom(read: Bytes, room: number): Bytes {
  const bytes = new Uint8Array(room);
  bytes.set(read);
  return bytes;
}

/** The problem that an answer carries, or one made up from its status where a proxy answered in between. */
function problemOf(status: number, bytes: Bytes, call: string): RegistryError {
  const json = parseJson(fromUtf8(bytes) ?? '');
  const problem = json.ok ? Problem.safeParse(json.value) : null;
  if (problem?.success === true) return new RegistryError({ ...problem.data, status });
  return new RegistryError({ code: codeOf(status), status, detail: `${call} was answered ${status}` });
}

function codeOf(status: number): ProblemCode {
  if (status === 404) return 'not-found';
  if (status === 405) return 'method-not-allowed';
  if (status === 413) return 'too-large';
  if (status === 429) return 'rate-limited';
  if (status === 502 || status === 503 || status === 504) return 'unavailable';
  return status >= 500 ? 'internal' : 'invalid-request';
}

/** A network failure in words. Node hides the cause one level down; other platforms have only a message. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return String(signal.reason);
  if (!(error instanceof Error)) return 'the connection failed';
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no such host';
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return 'the connection broke off';
  return cause instanceof Error ? cause.message : error.message;
}
