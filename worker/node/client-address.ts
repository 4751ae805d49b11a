import { getConnInfo } from '@hono/node-server/conninfo';
import type { Deps } from '../deps.ts';

/**
 * Tells a request's address by its connection, or by the header in which a proxy says it. It is null for this machine: its
 * own programs, and those who come through a proxy here that is not known to be one. Of a list (X-Forwarded-For) the last
 * counts, which the nearest proxy wrote: what stands before it anybody may have.
 */
export const addressBy =
  (header: string | undefined): Deps['addressOf'] =>
  (c) => {
    const said = header === undefined ? undefined : c.req.header(header)?.split(',').at(-1)?.trim();
    const address = said ?? getConnInfo(c).remote.address ?? null;
    return address !== null && /^(?:::ffff:)?127\.|^::1$/.test(address) ? null : address;
  };
