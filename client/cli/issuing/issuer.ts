import type { Signer } from '../../../protocol/ed25519/signer.ts';
import type { IssuedCredential, IssuedCredentials, IssuedSearch } from '../../issued.ts';
import type { RegistryClient } from '../../registry-client.ts';
import { limits } from '../../../schemas/limits.ts';
import type { Did, StatementId } from '../../../schemas/primitives.ts';
import { UntrustedError } from '../../errors.ts';
import type { Cli } from '../context.ts';
import { openSigner, selectKey, type StoredKey } from '../keys/key-store.ts';
import { connect } from '../trust-store.ts';

/** An issuer at one registry. */
export interface Issuer {
  client: RegistryClient;
  /** The log's origin. */
  log: string;
  key: StoredKey;
  did: Did;
  signer(): Promise<Signer>;
}

/** Who issues, and where. The key stays locked until it is to sign. */
export async function openIssuer(cli: Cli): Promise<Issuer> {
  const key = await selectKey(cli);
  const { client } = await connect(cli);
  const { origin } = await client.checkpoint();
  let signer: Promise<Signer> | null = null;
  return { client, log: origin, key, did: key.key.did, signer: () => (signer ??= openSigner(cli, key)) };
}

/**
 * Everything that an issuer has issued, or of one key; `keep` says of what to remember. Each page holds something that the
 * issuer signed, and nothing twice, so no registry can make the list longer than it is.
 */
export async function allIssued(
  { client, did }: Pick<Issuer, 'client' | 'did'>,
  search: Pick<IssuedSearch, 'subject'>,
  keep: (credential: IssuedCredential) => boolean = () => true,
): Promise<Omit<IssuedCredentials, 'next'>> {
  const credentials: IssuedCredential[] = [];
  const seen = new Set<StatementId>();
  for (let after = 0; ;) {
    const page = await client.issued(did, { ...search, after, limit: limits.issuedPage });
    for (const credential of page.credentials) {
      if (seen.has(credential.id)) throw new UntrustedError(`the registry lists ${credential.id} twice`);
      seen.add(credential.id);
      if (keep(credential)) credentials.push(credential);
    }
    if (page.next === null) return { accredited: page.accredited, credentials };
    after = page.next;
  }
}
