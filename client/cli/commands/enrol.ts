import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { limits } from '../../../schemas/limits.ts';
import { HttpUrl, type Did } from '../../../schemas/primitives.ts';
import { fingerprintOf } from '../../../protocol/enrolment.ts';
import type { ParsedStatement } from '../../../protocol/statement.ts';
import { NetworkError, RegistryError } from '../../errors.ts';
import { IssuerClient, readCredential, type BegunEnrolment } from '../../issuer-client.ts';
import type { RegistryClient, Submission } from '../../registry-client.ts';
import { readTextIfThere } from '../bounded-file.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { writeDurably } from '../durable-file.ts';
import { readFlag } from '../flags.ts';
import { openSigner, selectKey, type StoredKey } from '../keys/key-store.ts';
import { ask, canAsk } from '../keys/passphrase.ts';
import { openBrowser } from '../open-browser.ts';
import { slugOf, stateDir } from '../paths.ts';
import { text } from '../terminal.ts';
import { connect } from '../trust-store.ts';

export interface EnrolOptions {
  issuer: string;
  provider?: string;
  open: boolean;
  again?: boolean;
}

type Credential = ParsedStatement<'HumanCredential'>;

/** Milliseconds between two questions whether the person has logged in, and how often they are asked. */
const POLL_EVERY = 2000;
const POLLS = 600;

/**
 * Gets a credential for the chosen key from an issuer app and has it logged. What was received is kept until it is
 * logged, so the command may be run again at any point.
 */
export async function enrol(cli: Cli, options: EnrolOptions): Promise<void> {
  const issuer = issuerClient(options.issuer);
  const key = await selectKey(cli);
  // Before the person logs in: a login whose credential goes nowhere would be for nothing.
  const { client } = await connect(cli);
  const description = await reaching(issuer, () => issuer.describe());
  const expected = { issuer: description.did, did: key.key.did };
  const file = join(stateDir(cli.env), 'enrolments', `${slugOf(`${issuer.url}_${key.key.did}`)}.json`);
  let credential = options.again === true ? null : await readHeld(cli, file, expected);
  if (credential === null) {
    const { provider } = options;
    const names = description.providers.map(({ name }) => name);
    if (provider !== undefined && !names.includes(provider)) {
      throw new CliError('usage', `--provider: ${description.name} has no "${provider}"`, `it has ${names.join(', ')}`);
    }
    const received = await reaching(issuer, () => logIn(cli, issuer, key, options));
    credential = await readCredential(received, expected);
    await writeDurably(file, credential.canonical, { mode: 0o600, folderMode: 0o700 });
  } else {
    cli.out.note(text`note: submitting the credential that an earlier run received; --again logs in anew`);
  }
  const submission = await submit(cli, client, credential, file);
  await rm(file, { force: true });
  report(cli, credential, submission, description.name);
}

/** Begins, tells the person where to go, and waits until they have logged in. */
async function logIn(
  cli: Cli,
  issuer: IssuerClient,
  key: StoredKey,
  { provider, open }: EnrolOptions,
): Promise<string> {
  const enrolment = await issuer.begin(await openSigner(cli, key), provider);
  cli.out.note(text`Open this address in your browser and log in there:

  ${enrolment.page}

  fingerprint  ${fingerprintOf(key.key.did)}

Check that the fingerprint there is the same. After the login you are shown a code, which is asked for here.
Waiting; Ctrl-C gives up.`);
  if (open && cli.stderr.isTTY === true && !cli.out.json) openBrowser(enrolment.page, cli.env);
  return waitFor(cli, issuer, enrolment);
}

async function waitFor(cli: Cli, issuer: IssuerClient, enrolment: BegunEnrolment): Promise<string> {
  let told: string | undefined;
  for (let poll = 0; poll < POLLS; poll++) {
    const { status, credential, refusal } = await issuer.status(enrolment);
    if (credential !== undefined) return credential;
    if (status === 'confirming') return confirm(cli, issuer, enrolment);
    if (refusal !== undefined && refusal.code !== told) cli.out.note(text`login refused: ${refusal.detail}`);
    told = refusal?.code;
    await cli.sleep(POLL_EVERY);
  }
  throw new CliError('failed', 'nobody logged in in time', 'run the command again');
}

/** Asks for the code that the browser shows, until it is right or the issuer has had enough. */
async function confirm(cli: Cli, issuer: IssuerClient, enrolment: BegunEnrolment): Promise<string> {
  const question = 'Code that your browser shows: ';
  const lines = canAsk(cli) ? null : createInterface({ input: cli.stdin });
  const typed = lines?.[Symbol.asyncIterator]();
  if (lines !== null) cli.out.note(text`${question.trim()}`);
  try {
    for (;;) {
      const next = typed === undefined ? { value: await ask(cli, question) } : await typed.next();
      if (next.done === true) throw new CliError('usage', 'standard input ended before the code from the browser');
      const code = next.value.trim().slice(0, 64);
      if (code === '') continue;
      const { credential, refusal } = await issuer.confirm(enrolment, code);
      if (credential !== undefined) return credential;
      cli.out.note(text`${refusal?.detail ?? 'not accepted'}`);
    }
  } finally {
    lines?.close();
  }
}

function issuerClient(url: string): IssuerClient {
  const text = readFlag(HttpUrl, url, '--issuer').replace(/\/+$/, '');
  try {
    return new IssuerClient({ url: text });
  } catch {
    throw new CliError('usage', '--issuer: expected http(s)://host[:port][/path]');
  }
}

/** Says of a failure that it was the issuer's, not the registry's. */
async function reaching<T>(issuer: IssuerClient, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof NetworkError) {
      throw new CliError('network', error.message, 'is the issuer running, and --issuer right?');
    }
    if (error instanceof RegistryError && error.code === 'not-found') {
      const hint = `is ${issuer.url} the issuer’s address? If it is, the enrolment took too long: run the command again`;
      throw new CliError('not-found', `the issuer says: ${error.message}`, hint);
    }
    throw error;
  }
}

/** A credential that an earlier run received and could not have logged; null where there is none of use. */
async function readHeld(cli: Cli, file: string, expected: { issuer: Did; did: Did }): Promise<Credential | null> {
  const held = await readTextIfThere(file, limits.statementBytes);
  if (held === null) return null;
  const credential = await readCredential(held, expected).catch(() => null);
  const { validUntil } = credential?.document ?? {};
  return validUntil !== undefined && Date.parse(validUntil) <= cli.now() ? null : credential;
}

async function submit(cli: Cli, client: RegistryClient, { canonical }: Credential, file: string): Promise<Submission> {
  try {
    return await client.submit(canonical);
  } catch (error) {
    // What may be taken another time is kept; what never will is not.
    const isFinal = error instanceof RegistryError && error.status < 429 && error.code !== 'not-accredited';
    if (isFinal) await rm(file, { force: true });
    else
      cli.out.note(text`note: the credential is kept; run the same command again to submit it without another login`);
    throw error;
  }
}

function report(cli: Cli, { document }: Credential, submission: Submission, issuerName: string): void {
  const { issuer, credentialSubject, validUntil } = document;
  const { id: did, verification, nullifier, expertise = [] } = credentialSubject;
  const { id, index, loggedAt, receipt, isNew } = submission;
  cli.out.result(
    { id, index, loggedAt, receipt, isNew, did, issuer, verification, nullifier, expertise, validUntil },
    () => text`${did}
is now shown to be a verified human’s: ${verification.framework} ${verification.level}, by ${verification.method}
${expertise.map(({ field, basis }) => `and an expert’s: ${field}, by ${basis}\n`).join('')}verified  ${verification.verifiedAt} by ${issuerName} (${issuer})
until     ${validUntil ?? 'revoked'}
known as  ${nullifier} (a pseudonym; neither your name nor your account is in the log)
${id}
logged as entry ${index} at ${loggedAt}

Next: firsthand init, and firsthand publish.`,
  );
}
