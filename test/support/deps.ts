import { ED25519, verifierKey } from '../../protocol/log/note.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { checkWith } from '../../worker/admission/check.ts';
import { createWaitingRoom } from '../../worker/changes/growth.ts';
import { createContentIndex } from '../../worker/content/content-index.ts';
import { indexSome } from '../../worker/content/index-step.ts';
import type { Database } from '../../worker/database/port.ts';
import type { Blobs, Deps } from '../../worker/deps.ts';
import { loggedIn } from '../../worker/statements/logged.ts';
import { submitBy, type Admission } from '../../worker/statements/submit.ts';
import { signerOf } from './statements.ts';

/** The origin of the logs under test. */
export const ORIGIN = 'registry.example/log';

/** Where a registry under test keeps everything. */
export interface Stores {
  database: Database;
  content: Database;
  blobs: Blobs;
}

type Given = Pick<Admission, 'sequencer'> & Partial<Pick<Admission, 'limiter'>> & Pick<Deps, 'now'> & Partial<Deps>;

/** What the app needs, over real storage and with the tests' keys. It limits nobody and tells nothing, unless given. */
export async function depsOver(
  { database, content, blobs }: Stores,
  { sequencer, limiter = async () => true, ...given }: Given,
): Promise<Deps> {
  const [log, service, operator] = (await Promise.all(['log', 'service', 'operator'].map(signerOf))) as [
    Signer,
    Signer,
    Signer,
  ];
  const stores = { database, blobs, contentIndex: createContentIndex(content) };
  const filling = { database: content, blobs, log: given.log ?? (() => {}) };
  return {
    ...stores,
    // Whoever wakes it waits for it: what follows finds everything indexed.
    indexer: { wake: async () => void (await indexSome(stores, filling, 1_000)) },
    service,
    logKey: verifierKey(ORIGIN, ED25519, log.publicKey),
    verify: verifySignature,
    submit: submitBy(checkWith(verifySignature), { logged: loggedIn(database), limiter, sequencer }),
    growth: createWaitingRoom(),
    readLimiter: async () => true,
    addressOf: () => null,
    log: () => {},
    assets: async () => null,
    operator: async () => operator.did,
    ...given,
  };
}
