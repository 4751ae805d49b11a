import type * as z from 'zod';
import type { IssuedPage, IssuedQuery } from '../schemas/api.ts';
import type { Did, StatementId } from '../schemas/primitives.ts';
import { isKind, type Statement } from '../schemas/statement.ts';
import { verifySignature } from '../protocol/ed25519/verify.ts';
import type { Json } from '../protocol/json.ts';
import { readStatement, verifyStatement } from '../protocol/statement.ts';
import { UntrustedError } from './errors.ts';

/** A human credential that an issuer signed, and what the registry says of it now. */
export interface IssuedCredential {
  id: StatementId;
  index: number;
  loggedAt: string;
  document: Statement<'HumanCredential'>;
  standing: IssuedPage['credentials'][number]['standing'];
}

/** A page of them, in log order; `next` is null on the last one. */
export interface IssuedCredentials {
  accredited: IssuedPage['accredited'];
  credentials: IssuedCredential[];
  next: number | null;
}

export type IssuedSearch = Partial<z.output<typeof IssuedQuery>>;

/** Checks that a page from an untrusted registry holds what `issuer` signed, in order. Throws UntrustedError. */
export async function readIssued(page: IssuedPage, issuer: Did, after: number): Promise<IssuedCredentials> {
  let least = after;
  for (const { index } of page.credentials) {
    if (index < least) throw new UntrustedError('the page is not in log order');
    least = index + 1;
  }
  if (page.next !== null && (page.next < least || page.credentials.length === 0)) {
    throw new UntrustedError('the page leads back to itself');
  }
  const credentials = await Promise.all(
    page.credentials.map(async (item): Promise<IssuedCredential> => {
      const parsed = readStatement(item.document as Json);
      if (!parsed.ok) throw new UntrustedError(`what was served as ${item.id} is malformed: ${parsed.reason.detail}`);
      const { id, document } = parsed.value;
      if (id !== item.id || !isKind(document, 'HumanCredential') || document.issuer !== issuer) {
        throw new UntrustedError(`what was served as ${item.id} is not that credential of ${issuer}`);
      }
      const verified = await verifyStatement(parsed.value, verifySignature);
      if (!verified.ok) throw new UntrustedError(`what was served as ${item.id}: ${verified.reason.detail}`);
      return { ...item, document };
    }),
  );
  return { ...page, credentials };
}
