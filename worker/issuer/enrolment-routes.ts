import type { Context } from 'hono';
import * as z from 'zod';
import {
  Confirmation,
  Enrolment,
  EnrolmentId,
  EnrolmentRequest,
  EnrolmentStatus,
  IssuerDescription,
  PollToken,
  PossessionProof,
} from '../../schemas/issuer.ts';
import { equalBytes, fromBase64Url, type Bytes } from '../../protocol/bytes.ts';
import { publicKeyFromDid } from '../../protocol/did-key.ts';
import { isValidPublicKey } from '../../protocol/ed25519/rule.ts';
import { possessionMessage } from '../../protocol/enrolment.ts';
import { timestampOf } from '../../protocol/time.ts';
import { readJson } from '../http/body.ts';
import type { Env } from '../http/env.ts';
import { ProblemError } from '../http/problem.ts';
import { networkOf } from '../http/network.ts';
import { DOCUMENT, json, openApiDocument, problems, read, route, type App } from '../http/route.ts';
import type { IssuerDeps } from './deps.ts';
import { CODES, ENROLMENT_TIME, type EnrolmentRow, type Enrolments } from './enrolments.ts';
import { signCredential, type Verified } from './issue.ts';
import { DETAILS } from './refusals.ts';
import { hashOf, randomToken, readUserCode } from './tokens.ts';

const BODY_BYTES = 4096;
const IdParam = z.object({ id: EnrolmentId });

/** What a contributor's program asks of an issuer: to begin, to prove that it holds the key, to learn the outcome. */
export function enrolmentRoutes(app: App, base: string, deps: IssuerDeps, enrolments: Enrolments): void {
  const { limits, providers } = deps;

  route(
    app,
    {
      method: 'get',
      path: `${base}/issuer.json`,
      summary: 'Who this issuer is, and where people may log in',
      responses: { 200: json(IssuerDescription, 'The issuer') },
    },
    (c) => {
      const description: IssuerDescription = {
        issuer: 'firsthand/v1',
        url: deps.url,
        did: deps.signer.did,
        name: deps.name,
        providers: providers.map(({ name, title }) => ({ name, title })),
      };
      return c.json(description, 200, { 'Cache-Control': 'public, max-age=60' });
    },
  );

  route(
    app,
    {
      method: 'post',
      path: `${base}/enrolments`,
      summary: 'Begin to enrol a key; the person goes on at /enrol/{id}, in a browser',
      request: { body: { required: true, content: { 'application/json': { schema: EnrolmentRequest } } } },
      responses: {
        201: json(Enrolment, 'Begun'),
        ...problems({ 400: 'Malformed', 422: 'No usable key', 429: 'Too many' }),
      },
    },
    async (c) => {
      const { did, provider } = read(EnrolmentRequest, await readJson(c, BODY_BYTES));
      if (provider !== undefined && !providers.some(({ name }) => name === provider)) {
        const names = providers.map(({ name }) => name).join(', ');
        throw new ProblemError('invalid-request', `/provider is not one of this issuer’s: ${names}`);
      }
      const publicKey = publicKeyFromDid(did);
      if (publicKey === null || !isValidPublicKey(publicKey)) {
        throw new ProblemError('invalid-key', 'did does not hold a usable Ed25519 key; make one: firsthand key new');
      }
      // Their own bounds first: whoever floods from one network, or with one key, does not use up everybody's.
      const network = networkOf(deps.addressOf(c));
      const isWelcome = (await limits.network(network, 1)) && (await limits.key(did, 1));
      if (!isWelcome || !(await limits.all('enrolments', 1))) {
        throw new ProblemError('rate-limited', 'too many enrolments were begun; try again in a minute');
      }
      const [id, pollToken, challenge] = [randomToken(16), randomToken(), randomToken()];
      const expiresAt = timestampOf(deps.now() + ENROLMENT_TIME);
      const row = { id, did, poll_hash: hashOf(pollToken), challenge, provider: provider ?? null };
      if (!(await enrolments.begin(row))) {
        throw new ProblemError('overloaded', 'too many enrolments are under way; try again in some minutes');
      }
      return c.json({ id, challenge, pollToken, expiresAt } satisfies Enrolment, 201);
    },
  );

  route(
    app,
    {
      method: 'post',
      path: `${base}/enrolments/{id}/proof`,
      summary: 'Prove possession of the key: its signature over the challenge',
      request: {
        params: IdParam,
        body: { required: true, content: { 'application/json': { schema: PossessionProof } } },
      },
      responses: {
        200: json(EnrolmentStatus, 'Proven'),
        ...problems({ 400: 'Malformed', 404: 'No such enrolment, or not yours', 422: 'Not this key’s signature' }),
      },
    },
    async (c) => {
      const row = await ownEnrolment(c, enrolments);
      const { signature } = read(PossessionProof, await readJson(c, BODY_BYTES));
      if (!(await enrolments.try(row.id))) throw new ProblemError('not-entitled', DETAILS['too-many-attempts']);
      const message = possessionMessage(deps.url, row.did, row.challenge);
      const bytes = fromBase64Url(signature);
      if (bytes === null || !(await deps.verify(bytes, message, publicKeyFromDid(row.did) as Bytes))) {
        throw new ProblemError(
          'invalid-signature',
          `the signature is not ${row.did}’s over this challenge for the issuer ${deps.url}; sign with that key, and for that address`,
        );
      }
      await enrolments.prove(row.id);
      return c.json(statusOf({ ...row, proven: 1 }));
    },
  );

  route(
    app,
    {
      method: 'get',
      path: `${base}/enrolments/{id}`,
      summary: 'What became of an enrolment; its credential, once the person has logged in',
      request: { params: IdParam },
      responses: {
        200: json(EnrolmentStatus, 'So far'),
        ...problems({ 404: 'No such enrolment, or not yours' }),
      },
    },
    async (c) => c.json(statusOf(await ownEnrolment(c, enrolments))),
  );

  route(
    app,
    {
      method: 'post',
      path: `${base}/enrolments/{id}/confirmation`,
      summary: 'Type the code that the browser shows after the login: then the credential is issued',
      request: {
        params: IdParam,
        body: { required: true, content: { 'application/json': { schema: Confirmation } } },
      },
      responses: {
        200: json(EnrolmentStatus, 'Issued; or a wrong code, and another may be tried'),
        ...problems({
          400: 'Malformed, or nobody has logged in',
          403: 'Too many',
          404: 'No such enrolment, or not yours',
        }),
      },
    },
    async (c) => {
      const row = await ownEnrolment(c, enrolments);
      const { code: typed } = read(Confirmation, await readJson(c, BODY_BYTES));
      // Asked again, since the answer was lost.
      if (row.credential !== null) return c.json(statusOf(row));
      if (row.code === null) throw new ProblemError('invalid-request', 'nobody has logged in yet, so there is no code');
      const held = await enrolments.typeCode(row.id);
      const isRight = held !== null && equalBytes(hashOf(readUserCode(typed)), hashOf(held.code));
      if (!isRight && (held === null || held.codes_typed >= CODES)) {
        await enrolments.forget(row.id);
        throw new ProblemError('not-entitled', DETAILS['too-many-attempts']);
      }
      if (!isRight) return c.json(statusOf({ ...row, refusal: 'wrong-code' }));
      const verified = JSON.parse(held.verified) as Verified;
      const signed = await signCredential(row.did, verified, deps);
      const issued = { ...signed, code: held.code, nullifier: verified.nullifier };
      if (!(await enrolments.issue(row.id, issued))) {
        const now = await enrolments.find(row.id);
        // The same code, typed twice at once.
        if (now !== null && now.credential !== null) return c.json(statusOf(now));
        const isBanned = await enrolments.isBanned(verified.nullifier);
        throw new ProblemError('not-entitled', DETAILS[isBanned ? 'banned' : 'login-expired']);
      }
      deps.log({ event: 'issued', requestId: c.get('requestId'), credential: signed.id });
      return c.json(statusOf({ ...row, refusal: null, credential: signed.canonical }));
    },
  );

  const document = openApiDocument(app, { title: 'Firsthand identity issuer', version: '1' });
  app.get(`${base}/openapi.json`, (c) => c.body(document(), 200, DOCUMENT));
}

/** The enrolment that a request is about, if it shows the token. One that is unknown and one of another look alike. */
async function ownEnrolment(c: Context<Env>, enrolments: Enrolments): Promise<EnrolmentRow> {
  const { id } = read(IdParam, c.req.param());
  const token = PollToken.safeParse(/^Bearer (\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1]);
  const row = token.success ? await enrolments.find(id) : null;
  if (!token.success || row === null || !equalBytes(hashOf(token.data), row.poll_hash)) {
    throw new ProblemError(
      'not-found',
      'there is no such enrolment, or it is over, or its token is another; begin again',
    );
  }
  return row;
}

const statusOf = ({ credential, refusal, proven, code }: EnrolmentRow): EnrolmentStatus => ({
  status: credential !== null ? 'issued' : code !== null ? 'confirming' : proven === 1 ? 'waiting' : 'unproven',
  ...(refusal === null ? {} : { refusal: { code: refusal, detail: DETAILS[refusal] } }),
  ...(credential === null ? {} : { credential }),
});
