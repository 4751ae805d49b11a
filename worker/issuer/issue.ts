import type { IDToken } from 'openid-client';
import type { HumanCredentialSubject } from '../../schemas/human-credential.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import { loginReference, nullifierOf } from '../../protocol/nullifier.ts';
import { signStatement } from '../../protocol/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import type { ConfiguredProvider, IssuerDeps } from './deps.ts';
import { verificationOf } from './rules.ts';

/** What a credential will say of the person who logged in. */
export type Verified = Pick<HumanCredentialSubject, 'nullifier' | 'verification' | 'expertise'>;

/**
 * What a login proves; null where no rule takes it. Of the token it keeps the HMAC of its subject, the time of the login,
 * and the words that the operator's rules have for it.
 */
export function verify(
  provider: ConfiguredProvider,
  claims: IDToken,
  { nullifierSecret, now }: Pick<IssuerDeps, 'nullifierSecret' | 'now'>,
): Verified | null {
  const proven = verificationOf(provider, claims, now());
  if (proven === null) return null;
  return { nullifier: nullifierOf(nullifierSecret, loginReference(provider.issuer, claims.sub)), ...proven };
}

/** Signs that a key is the person's who logged in. */
export async function signCredential(
  did: Did,
  verified: Verified,
  { signer, validity, now }: Pick<IssuerDeps, 'signer' | 'validity' | 'now'>,
): Promise<{ id: StatementId; canonical: string }> {
  const at = now();
  const signed = await signStatement(
    {
      kind: 'HumanCredential',
      subject: { id: did, ...verified },
      validFrom: timestampOf(at),
      validUntil: timestampOf(at + validity),
    },
    signer,
  );
  // Configuration and times are checked: what is left would be a bug.
  if (!signed.ok) throw new Error(`a credential could not be made: ${signed.reason.detail}`);
  return { id: signed.value.id, canonical: signed.value.canonical };
}
