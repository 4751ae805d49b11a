import { BatchLine, type Submitted } from '../schemas/api.ts';
import { limits } from '../schemas/limits.ts';
import type { StatementId } from '../schemas/primitives.ts';
import type { ProblemCode } from '../schemas/problem.ts';
import { fromUtf8, utf8 } from '../protocol/bytes.ts';
import { parseJson } from '../protocol/json.ts';
import type { TrustPolicy } from '../protocol/log/trust.ts';
import { ok, refuse, type Result } from '../protocol/result.ts';
import { parseStatement, type ParsedStatement } from '../protocol/statement.ts';
import { UntrustedError } from './errors.ts';
import { openOnce, verifySubmission } from './receipt.ts';
import type { Transport } from './transport.ts';

/** What became of one statement of a batch. */
export type BatchResult = Result<
  Submitted & { isNew: boolean },
  { code: ProblemCode; status: number; detail: string; errors?: { path: string; message: string }[] | undefined }
>;

/** A statement that was parsed, or signed, here. */
export type Signed = Pick<ParsedStatement, 'id' | 'canonical'>;

interface Waiting {
  at: number;
  id: StatementId;
  line: string;
}

/** Submits statements within the registry's bounds for a batch, and verifies each receipt. */
export async function submitBatches(
  transport: Transport,
  statements: readonly (string | Signed)[],
  trust: TrustPolicy,
): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  const waiting: Waiting[] = [];
  for (const [at, statement] of statements.entries()) {
    const parsed = typeof statement === 'string' ? parseStatement(statement) : ok(statement);
    if (parsed.ok) waiting.push({ at, id: parsed.value.id, line: `${parsed.value.canonical}\n` });
    else results[at] = refuse({ ...parsed.reason, status: 400 });
  }
  for (const batch of batches(waiting)) {
    const lines = await post(transport, batch);
    const open = openOnce();
    for (const [i, { at, id }] of batch.entries()) {
      results[at] = await judge(lines[i] as BatchLine, id, trust, open);
    }
  }
  return results;
}

/** Cuts the queue at the bounds of one request. */
function batches(waiting: readonly Waiting[]): Waiting[][] {
  const cut: Waiting[][] = [];
  let bytes = Infinity;
  for (const item of waiting) {
    const length = utf8(item.line).length;
    const last = cut.at(-1);
    if (last === undefined || last.length >= limits.batchStatements || bytes + length > limits.batchBytes) {
      cut.push([item]);
      bytes = length;
    } else {
      last.push(item);
      bytes += length;
    }
  }
  return cut;
}

async function post(transport: Transport, batch: readonly Waiting[]): Promise<BatchLine[]> {
  const { bytes } = await transport.call({
    method: 'POST',
    path: '/v1/statements',
    body: batch.map(({ line }) => line).join(''),
    contentType: 'application/x-ndjson',
    maxBytes: batch.length * 2 * limits.noteBytes,
  });
  const lines = (fromUtf8(bytes) ?? '').split('\n').filter((line) => line !== '');
  if (lines.length !== batch.length) {
    throw new UntrustedError(`a batch of ${batch.length} statements was answered with ${lines.length} lines`);
  }
  return lines.map((line, i) => {
    const json = parseJson(line);
    const parsed = json.ok ? BatchLine.safeParse(json.value) : null;
    if (parsed?.success !== true) throw new UntrustedError(`line ${i + 1} of the batch’s answer is malformed`);
    return parsed.data;
  });
}

async function judge(
  line: BatchLine,
  id: StatementId,
  trust: TrustPolicy,
  open: ReturnType<typeof openOnce>,
): Promise<BatchResult> {
  if ('code' in line) return refuse(line);
  const { status, ...submitted } = line;
  return ok({ ...(await verifySubmission(submitted, id, trust, open)), isNew: status === 201 });
}
