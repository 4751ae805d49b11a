import type { HumanCredentialSubject } from '../../schemas/human-credential.ts';
import type { Condition } from '../../schemas/issuer-config.ts';
import { timestampOf } from '../../protocol/time.ts';
import type { ConfiguredProvider } from './deps.ts';

/** The claims of an ID token whose checks have passed, as far as rules may look at them. */
export type Claims = Readonly<Record<string, unknown>> & { iat: number; auth_time?: number };

/** What a login proves by the provider's rules, and nothing else of it; null where none matches. */
export function verificationOf(
  provider: ConfiguredProvider,
  claims: Claims,
  now: number,
): Pick<HumanCredentialSubject, 'verification' | 'expertise'> | null {
  const rule = provider.rules.find(({ when }) => matches(when, claims));
  if (rule === undefined) return null;
  const { framework, level, method } = rule;
  // When the person was there, as OpenID Connect Core §2 has it; the provider's clock may run ahead of ours.
  const verifiedAt = timestampOf(Math.min((claims.auth_time ?? claims.iat) * 1000, now));
  const expertise = provider.expertise
    .filter(({ when }) => matches(when, claims))
    .map(({ field, basis, authority, jurisdiction }) => ({
      field,
      basis,
      ...(authority === undefined ? {} : { authority }),
      ...(jurisdiction === undefined ? {} : { jurisdiction }),
    }));
  return {
    verification: { framework, level, method, verifiedAt },
    ...(expertise.length === 0 ? {} : { expertise }),
  };
}

function matches({ acr, amr, claims: wanted = {} }: Condition, claims: Claims): boolean {
  if (acr !== undefined && !acr.some((word) => word === claims['acr'])) return false;
  const used = valuesOf(claims['amr']);
  if (amr !== undefined && !amr.every((word) => used.includes(word))) return false;
  return Object.entries(wanted).every(([name, value]) => {
    const held = Object.hasOwn(claims, name) ? valuesOf(claims[name]) : [];
    return valuesOf(value).some((each) => held.includes(each));
  });
}

const valuesOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
