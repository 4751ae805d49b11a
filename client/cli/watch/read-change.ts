import type { Change } from '../../../schemas/api.ts';
import type { Did, StatementId } from '../../../schemas/primitives.ts';
import { isKind, type Statement } from '../../../schemas/statement.ts';
import { verifySignature } from '../../../protocol/ed25519/verify.ts';
import { parseStatement, verifyStatement } from '../../../protocol/statement.ts';
import { RegistryError, UntrustedError } from '../../errors.ts';
import type { RegistryClient } from '../../registry-client.ts';
import type { Because } from './events.ts';

/** Something that happened to `target`, in the words of a statement whose signature is good and which the log has. */
export interface News {
  target: StatementId;
  signer: Did;
  index: number;
  /** The statement itself, and when it was logged. */
  by: StatementId;
  since: string;
  /** Of a revocation; null for a new version. */
  because: Because | null;
}

/** Statements fetched at once. */
const PARALLEL = 8;

/**
 * Reads the statements behind proven changes: revocations, and records that replace others. What the feed said of them
 * must be what they say themselves, else the registry has lied about them.
 */
export async function readNews(client: RegistryClient, changes: readonly Change[]): Promise<News[]> {
  const news: News[] = [];
  for (let at = 0; at < changes.length; at += PARALLEL) {
    const read = await Promise.all(changes.slice(at, at + PARALLEL).map((change) => readOne(client, change)));
    news.push(...read.filter((each) => each !== null));
  }
  return news;
}

async function readOne(client: RegistryClient, change: Change): Promise<News | null> {
  const { id, index, kind, loggedAt } = change;
  const text = await client.statement(id).catch((error: unknown) => {
    if (error instanceof RegistryError && error.code === 'not-found') {
      throw new UntrustedError(`the log has ${id} as entry ${index}, but the registry does not serve it`);
    }
    // A record that replaced another, and is erased itself, replaces nothing. A revocation is never erased.
    if (error instanceof RegistryError && error.code === 'erased' && kind !== 'Revocation') return null;
    throw error;
  });
  if (text === null) return null;
  const parsed = parseStatement(text);
  if (!parsed.ok) throw new UntrustedError(`entry ${index}, ${id}, is ${parsed.reason.detail}`);
  const signed = await verifyStatement(parsed.value, verifySignature);
  if (!signed.ok) throw new UntrustedError(`entry ${index}, ${id}: ${signed.reason.detail}`);
  const { document } = parsed.value;
  const target = targetOf(document);
  const isTrue =
    parsed.value.kind === kind &&
    document.issuer === change.issuer &&
    change.targets.length === 1 &&
    change.targets[0]?.id === target;
  if (!isTrue || target === null) {
    throw new UntrustedError(`the registry says of entry ${index}, ${id}, what its statement does not`);
  }
  return {
    target,
    signer: document.issuer,
    index,
    by: id,
    since: loggedAt,
    because: isKind(document, 'Revocation') ? becauseOf(document, change) : null,
  };
}

function targetOf(document: Statement): StatementId | null {
  if (isKind(document, 'Revocation')) return document.credentialSubject.id;
  return isKind(document, 'DatasetRecord') ? (document.credentialSubject.replaces ?? null) : null;
}

const becauseOf = (
  { credentialSubject: { reason, invalidSince, erase } }: Statement<'Revocation'>,
  { id, index, loggedAt }: Change,
): Because => ({
  revocation: id,
  index,
  since: loggedAt,
  reason,
  invalidSince: invalidSince ?? null,
  isErased: erase === true,
});
