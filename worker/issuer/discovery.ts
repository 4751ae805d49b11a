import { allowInsecureRequests, customFetch, discovery, None, type ServerMetadata } from 'openid-client';
import * as z from 'zod';
import { ID_TOKEN_ALGORITHMS, isLoopback } from '../../schemas/issuer-config.ts';
import { boundedFetch, isEndpoint, ProviderUnreachable, unreachableIn } from './bounded-fetch.ts';
import type { ConfiguredProvider, IssuerDeps } from './deps.ts';

/** What is used of a provider's metadata (OpenID Connect Discovery 1.0 §3); the rest is dropped. */
const Metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string().max(2048),
  token_endpoint: z.string().max(2048),
  jwks_uri: z.string().max(2048),
  /** Required; RS256 is what every provider must have. */
  id_token_signing_alg_values_supported: z.array(z.string()).default(['RS256']),
  /** RFC 9207 §3: then every answer must name its issuer. */
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});

const FRESH = 10 * 60_000;

/** Finds a provider's metadata, and remembers it for ten minutes. Rejects with {@link ProviderUnreachable}. */
export type Discover = (provider: ConfiguredProvider) => Promise<ServerMetadata>;

export function createDiscovery({ fetch, now }: Pick<IssuerDeps, 'fetch' | 'now'>): Discover {
  // Values, not promises: on Workers no request may wait for what another began.
  const known = new Map<string, { metadata: ServerMetadata; at: number }>();
  return async (provider) => {
    const held = known.get(provider.name);
    if (held !== undefined && now() >= held.at && now() - held.at < FRESH) return held.metadata;
    const metadata = await ask(provider, fetch);
    known.set(provider.name, { metadata, at: now() });
    return metadata;
  };
}

async function ask(provider: ConfiguredProvider, platformFetch: typeof fetch): Promise<ServerMetadata> {
  const issuer = new URL(provider.issuer);
  let answered: unknown;
  try {
    const found = await discovery(issuer, provider.clientId, undefined, None(), {
      [customFetch]: boundedFetch(provider, platformFetch),
      ...(isLoopback(issuer) ? { execute: [allowInsecureRequests] } : {}),
    });
    answered = found.serverMetadata();
  } catch (error) {
    throw unreachableIn(error) ?? new ProviderUnreachable('its discovery document is missing or malformed');
  }
  const parsed = Metadata.safeParse(answered);
  if (!parsed.success) throw new ProviderUnreachable('its discovery document lacks what OpenID Connect demands');
  const { id_token_signing_alg_values_supported: offered, ...metadata } = parsed.data;
  // Compared as text: a URL that is merely equivalent is another issuer (Discovery §4.3, RFC 9207 §2.4).
  if (metadata.issuer !== provider.issuer) throw new ProviderUnreachable('its discovery document names another issuer');
  for (const endpoint of [metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri]) {
    if (!isEndpoint(provider, endpoint)) {
      const origin = URL.parse(endpoint)?.origin ?? 'no URL';
      throw new ProviderUnreachable(
        `it names an endpoint at ${origin}; add that origin to its "endpoints" if it is right`,
      );
    }
  }
  const algorithms = ID_TOKEN_ALGORITHMS.filter((algorithm) => offered.includes(algorithm));
  if (algorithms.length === 0) throw new ProviderUnreachable('it signs ID tokens with no algorithm that is taken here');
  const { authorization_response_iss_parameter_supported: namesIssuer, ...endpoints } = metadata;
  return {
    ...endpoints,
    id_token_signing_alg_values_supported: algorithms,
    ...(namesIssuer === undefined ? {} : { authorization_response_iss_parameter_supported: namesIssuer }),
  };
}
