import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Did } from '../../../schemas/primitives.ts';
import { publicKeyFromDid } from '../../../protocol/did-key.ts';
import { isValidKey } from '../../../protocol/ed25519/verify.ts';

/** Below this a thread takes longer to start than the checks take. */
const WORTH_THREADS = 500;

/**
 * The DIDs of these whose key is none that can sign (protocol.md §2). A did:key has no checksum: this is what catches a
 * slip. For one person it costs about as much as issuing the credential, so every core takes a share.
 */
export async function unusableKeys(dids: readonly Did[]): Promise<ReadonlySet<Did>> {
  if (dids.length < WORTH_THREADS) return new Set(await unusableHere(dids));
  const share = Math.ceil(dids.length / availableParallelism());
  const shares = Array.from({ length: availableParallelism() }, (_, i) => dids.slice(i * share, (i + 1) * share));
  return new Set((await Promise.all(shares.map(unusableOnThread))).flat());
}

/** The same, in this thread. */
export async function unusableHere(dids: readonly Did[]): Promise<Did[]> {
  const unusable: Did[] = [];
  for (const did of dids) {
    const key = publicKeyFromDid(did);
    if (key === null || !(await isValidKey(key))) unusable.push(did);
  }
  return unusable;
}

function unusableOnThread(dids: readonly Did[]): Promise<Did[]> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./key-thread.ts', import.meta.url), { workerData: dids });
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}
