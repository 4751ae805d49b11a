import type * as z from 'zod';
import { Enrolment, EnrolmentStatus, IssuerDescription } from '../schemas/issuer.ts';
import { limits } from '../schemas/limits.ts';
import type { Did } from '../schemas/primitives.ts';
import { fromUtf8, toBase64Url } from '../protocol/bytes.ts';
import type { Signer } from '../protocol/ed25519/signer.ts';
import { verifySignature } from '../protocol/ed25519/verify.ts';
import { possessionMessage } from '../protocol/enrolment.ts';
import { parseJson } from '../protocol/json.ts';
import { parseStatement, verifyStatement, type ParsedStatement } from '../protocol/statement.ts';
import { UntrustedError } from './errors.ts';
import { Transport, type TransportOptions } from './transport.ts';

/** An enrolment that was begun, and where the person goes on with it. */
export type BegunEnrolment = Enrolment & { page: string };

const ANSWER_BYTES = 2 * limits.statementBytes;

/**
 * Speaks to an identity issuer's app: begins an enrolment, proves possession of the key, and fetches the credential.
 *
 * @example
 * const enrolment = await issuer.begin(signer);
 * console.log(enrolment.page);
 * // Once `(await issuer.status(enrolment)).status` is `confirming`, the person's browser shows a code.
 * const { credential } = await issuer.confirm(enrolment, code);
 */
export class IssuerClient {
  readonly #transport: Transport;

  /** `url` is the issuer's public address, exactly: proofs of possession are bound to it. */
  constructor(options: TransportOptions) {
    this.#transport = new Transport(options);
  }

  get url(): string {
    return this.#transport.url;
  }

  /** Who the issuer is. One that is reached by another address than its own is refused. */
  async describe(): Promise<IssuerDescription> {
    const description = await this.#call({ path: '/issuer.json' }, IssuerDescription);
    if (description.url !== this.url) {
      throw new UntrustedError(`what answers at ${this.url} is the issuer ${description.url}; use that address`);
    }
    return description;
  }

  /** Begins an enrolment of the signer's key, and proves that the signer holds it. */
  async begin(signer: Signer, provider?: string): Promise<BegunEnrolment> {
    const body = { did: signer.did, ...(provider === undefined ? {} : { provider }) };
    const enrolment = await this.#call({ method: 'POST', path: '/enrolments', body }, Enrolment);
    const { id, challenge, pollToken } = enrolment;
    const signature = await signer.sign(possessionMessage(this.url, signer.did, challenge));
    await this.#call(
      {
        method: 'POST',
        path: `/enrolments/${id}/proof`,
        body: { signature: toBase64Url(signature) },
        bearer: pollToken,
      },
      EnrolmentStatus,
    );
    return { ...enrolment, page: `${this.url}/enrol/${id}` };
  }

  /** How far an enrolment has come. */
  status({ id, pollToken }: Pick<Enrolment, 'id' | 'pollToken'>): Promise<EnrolmentStatus> {
    return this.#call({ path: `/enrolments/${id}`, bearer: pollToken }, EnrolmentStatus);
  }

  /** Sends the code that the browser shows after the login; a wrong one is `refusal`, and a few may be tried. */
  confirm({ id, pollToken }: Pick<Enrolment, 'id' | 'pollToken'>, code: string): Promise<EnrolmentStatus> {
    const path = `/enrolments/${id}/confirmation`;
    return this.#call({ method: 'POST', path, body: { code }, bearer: pollToken }, EnrolmentStatus);
  }

  async #call<S extends z.ZodType>(
    call: { method?: 'POST'; path: string; body?: unknown; bearer?: string },
    schema: S,
  ): Promise<z.output<S>> {
    const { body, ...rest } = call;
    const { bytes } = await this.#transport.call({
      ...rest,
      ...(body === undefined ? {} : { body: JSON.stringify(body), contentType: 'application/json' }),
      maxBytes: ANSWER_BYTES,
    });
    const json = parseJson(fromUtf8(bytes) ?? '');
    const parsed = json.ok ? schema.safeParse(json.value) : null;
    if (parsed?.success !== true) throw new UntrustedError(`the issuer’s answer to ${call.path} is malformed`);
    return parsed.data;
  }
}

/** Reads a credential that an issuer handed out: it must be that issuer's, for that key, and its signature must hold. */
export async function readCredential(
  text: string,
  expected: { issuer: Did; did: Did },
): Promise<ParsedStatement<'HumanCredential'>> {
  const parsed = parseStatement(text);
  if (!parsed.ok) throw new UntrustedError(`the credential is malformed: ${parsed.reason.detail}`);
  const { kind, document } = parsed.value;
  if (kind !== 'HumanCredential') throw new UntrustedError(`the issuer handed out a ${kind}, not a credential`);
  const credential = parsed.value as ParsedStatement<'HumanCredential'>;
  if (document.issuer !== expected.issuer || credential.document.credentialSubject.id !== expected.did) {
    throw new UntrustedError('the credential is of another issuer, or for another key');
  }
  const verified = await verifyStatement(credential, verifySignature);
  if (!verified.ok) throw new UntrustedError(`the credential cannot be trusted: ${verified.reason.detail}`);
  return credential;
}
