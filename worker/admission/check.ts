import type { VerifySignature } from '../../protocol/ed25519/verify.ts';
import type { Bytes } from '../../protocol/bytes.ts';
import { refuse, type Result } from '../../protocol/result.ts';
import { parseStatement, verifyStatement } from '../../protocol/statement.ts';
import type { Refusal, Submission } from './admit.ts';

/** Judges what needs neither log nor clock, form and signature, of each statement apart. Answers in order. */
export type CheckStatements = (inputs: readonly (string | Bytes)[]) => Promise<Result<Submission, Refusal>[]>;

/** In this thread, by the given way to verify. */
export const checkWith =
  (verify: VerifySignature): CheckStatements =>
  (inputs) =>
    Promise.all(
      inputs.map(async (input) => {
        const parsed = parseStatement(input);
        if (!parsed.ok) return parsed;
        const signed = await verifyStatement(parsed.value, verify);
        return signed.ok ? parsed : refuse(signed.reason);
      }),
    );
