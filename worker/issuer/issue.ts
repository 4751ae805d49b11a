import type { IDToken } from 'openid-client';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import { loginReference, nullifierOf } from '../../protocol/nullifier.ts';
import { signStatement } from '../../protocol/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import type { ConfiguredProvider, IssuerDeps } from './deps.ts';
import { verificationOf } from './rules.ts';

/** A credential as it is stored and submitted, and whose it is. */
export interface Issued {
  id: StatementId;
  canonical: string;
  nullifier: string;
}

/**
 * Signs that a key is the person's who logged in; null where no rule takes the login. Of the token it keeps the HMAC of
 * its subject, the time of the login, and the words that the operator's rules have for it.
 */
export async function issueCredential(
  did: Did,
  provider: ConfiguredProvider,
  claims: IDToken,
  { signer, nullifierSecret, validity, now }: IssuerDeps,
): Promise<Issued | null> {
  const at = now();
  const proven = verificationOf(provider, claims, at);
  if (proven === null) return null;
  const nullifier = nullifierOf(nullifierSecret, loginReference(provider.issuer, claims.sub));
  const signed = await signStatement(
    {
      kind: 'HumanCredential',
      subject: { id: did, nullifier, ...proven },
      validFrom: timestampOf(at),
      validUntil: timestampOf(at + validity),
    },
    signer,
  );
  // Configuration and times are checked: what is left would be a bug.
  if (!signed.ok) throw new Error(`a credential could not be made: ${signed.reason.detail}`);
  return { id: signed.value.id, canonical: signed.value.canonical, nullifier };
}
