import type { CustomFetch } from 'openid-client';
import { isLoopback } from '../../schemas/issuer-config.ts';
import { readAtMost } from '../http/body.ts';
import type { ConfiguredProvider } from './deps.ts';

/** Bytes and milliseconds that one answer of a provider may take, head and body. */
const LIMITS = { bytes: 256 * 1024, milliseconds: 10_000 };

/** A provider could not be asked: `message` is for the operator, and holds nothing that it answered. */
export class ProviderUnreachable extends Error {
  override readonly name = 'ProviderUnreachable';
}

/** The unreachable provider that an error is about, where the library wrapped it. */
export const unreachableIn = (error: unknown): ProviderUnreachable | null =>
  error instanceof ProviderUnreachable
    ? error
    : error instanceof Error && error.cause instanceof ProviderUnreachable
      ? error.cause
      : null;

/**
 * Fetches from one provider: only from its own origin and those that the operator named, following no redirect, bounded
 * in time and size. What a provider's documents name elsewhere is not fetched (RFC 9700 §4.13 and server-side request
 * forgery in general).
 */
export function boundedFetch(
  provider: Pick<ConfiguredProvider, 'issuer' | 'endpoints'>,
  platformFetch: typeof fetch,
  limits: typeof LIMITS = LIMITS,
): CustomFetch {
  return async (url, options) => {
    if (!isEndpoint(provider, url)) {
      throw new ProviderUnreachable(
        `it names an endpoint at ${originOf(url)}; add that origin to its "endpoints" if it is right`,
      );
    }
    const deadline = AbortSignal.timeout(limits.milliseconds);
    const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
    try {
      const response = await platformFetch(url, { ...options, redirect: 'manual', signal } as RequestInit);
      if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
        void response.body?.cancel().catch(() => {});
        throw new ProviderUnreachable('it answers with a redirect, which is not followed');
      }
      const reader = response.body?.getReader();
      const bytes = await readAtMost(reader, limits.bytes);
      if (bytes === null) {
        void reader?.cancel().catch(() => {});
        throw new ProviderUnreachable(`it answers with more than ${limits.bytes} bytes`);
      }
      const type = response.headers.get('Content-Type');
      return new Response(bytes.length === 0 ? null : bytes, {
        status: response.status,
        headers: type === null ? {} : { 'Content-Type': type },
      });
    } catch (error) {
      if (error instanceof ProviderUnreachable) throw error;
      throw new ProviderUnreachable(
        deadline.aborted ? `it took more than ${limits.milliseconds} ms` : 'the connection failed',
        { cause: error },
      );
    }
  };
}

/** Whether a URL is one that this provider may have endpoints at. */
export function isEndpoint(provider: Pick<ConfiguredProvider, 'issuer' | 'endpoints'>, text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (url.protocol !== 'https:' && !isLoopback(url)) return false;
  return [new URL(provider.issuer).origin, ...provider.endpoints].includes(url.origin);
}

const originOf = (url: string): string => URL.parse(url)?.origin ?? 'no URL';
