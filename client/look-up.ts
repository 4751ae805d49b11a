import { compiledInTime } from '#compile';
import { LookupResponse, type IndexState } from '../schemas/api.ts';
import { limits } from '../schemas/limits.ts';
import type { Digest } from '../schemas/primitives.ts';
import { postJson } from './answers.ts';
import { UntrustedError } from './errors.ts';
import type { Transport } from './transport.ts';

const responseTo = compiledInTime(LookupResponse);

/** What a look-up finds, and how far the registry's index was when it was asked. */
export interface Lookup {
  matches: LookupResponse['matches'];
  index: IndexState | null;
}

/** Looks any number of digests up, within the registry's bound for a call; answers in the same order. */
export async function lookUp(transport: Transport, digests: readonly Digest[]): Promise<Lookup> {
  const matches: LookupResponse['matches'] = [];
  let index: IndexState | null = null;
  for (let i = 0; i < digests.length; i += limits.lookupDigests) {
    const chunk = digests.slice(i, i + limits.lookupDigests);
    const { matches: found, index: state } = await postJson(
      transport,
      '/v1/lookups',
      { digests: chunk },
      responseTo(chunk.length),
    );
    if (found.length !== chunk.length || found.some((match, at) => match.digest !== chunk[at])) {
      throw new UntrustedError('the look-up answers other digests than were asked');
    }
    matches.push(...found);
    index ??= state;
    index = {
      through: Math.min(index.through, state.through),
      size: Math.max(index.size, state.size),
      pendingRows: Math.max(index.pendingRows, state.pendingRows),
    };
  }
  return { matches, index };
}
