import { readFile } from 'node:fs/promises';
import { fromBase64Url } from '../../protocol/bytes.ts';
import { signerFromSeed, type Signer } from '../../protocol/ed25519/signer.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';

/** What a registry answers to one submission: acknowledged, or a problem. */
export interface Answer {
  status: number;
  id?: string;
  index?: number;
  loggedAt?: string;
  receipt?: string;
  code?: string;
  detail?: string;
}

export const isAcknowledged = (answer: Answer | undefined): answer is Required<Omit<Answer, 'code' | 'detail'>> =>
  answer?.status === 200 || answer?.status === 201;

/** The signer in a key file that the registry made. */
export async function signerFrom(keyFile: string): Promise<Signer> {
  const { seed } = JSON.parse(await readFile(keyFile, 'utf8')) as { seed: string };
  const bytes = fromBase64Url(seed);
  if (bytes === null) throw new Error(`${keyFile} has no seed`);
  return signerFromSeed(bytes);
}

export async function submitOne(url: string, { canonical }: ParsedStatement): Promise<Answer> {
  const response = await post(url, 'application/json', canonical);
  return { ...((await response.json()) as Answer), status: response.status };
}

/** One answer a statement, in order. A batch that was refused as a whole gives its problem to each. */
export async function submitBatch(url: string, statements: readonly ParsedStatement[]): Promise<Answer[]> {
  const response = await post(
    url,
    'application/x-ndjson',
    statements.map(({ canonical }) => `${canonical}\n`).join(''),
  );
  if (response.status !== 200) {
    const problem = (await response.json()) as Answer;
    return statements.map(() => problem);
  }
  const lines = (await response.text()).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Answer);
}

const post = (url: string, type: string, body: string): Promise<Response> =>
  fetch(`${url}/v1/statements`, { method: 'POST', headers: { 'Content-Type': type }, body });
