import { Decisions } from '../schemas/api.ts';
import type { Decision, DecisionRequest } from '../schemas/decision.ts';
import { limits } from '../schemas/limits.ts';
import { postJson } from './answers.ts';
import { UntrustedError } from './errors.ts';
import type { Transport } from './transport.ts';

/** Asks for any number of decisions, within the registry's bound for a call; answers in the same order. */
export async function decideAll(transport: Transport, requests: readonly DecisionRequest[]): Promise<Decision[]> {
  const decisions: Decision[] = [];
  for (let i = 0; i < requests.length; i += limits.decisions) {
    const chunk = requests.slice(i, i + limits.decisions);
    const { decisions: found } = await postJson(transport, '/v1/decisions', { requests: chunk }, Decisions);
    const isInOrder = ({ record, use }: Decision, at: number) => record === chunk[at]?.record && use === chunk[at].use;
    if (found.length !== chunk.length || !found.every(isInOrder)) {
      throw new UntrustedError('the registry decided other requests than were asked');
    }
    decisions.push(...found);
  }
  return decisions;
}
