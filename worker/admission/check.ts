import type { Did } from '../../schemas/primitives.ts';
import type { VerifySignature } from '../../protocol/ed25519/verify.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { parseStatement, verifyStatement } from '../../protocol/statement.ts';
import type { Refusal, SubmissionMessage } from './admit.ts';

/** A statement whose form and signature were found good, and whose they are. */
export interface Checked extends SubmissionMessage {
  issuer: Did;
}

/** Judges what needs neither log nor clock, form and signature, of each statement apart. Answers in order. */
export type CheckStatements = (inputs: readonly string[]) => Promise<Result<Checked, Refusal>[]>;

type Parsed = ReturnType<typeof parseStatement>;

/** In this thread, by the given ways to verify and to read. */
export const checkWith =
  (verify: VerifySignature, parse: (input: string) => Parsed | Promise<Parsed> = parseStatement): CheckStatements =>
  (inputs) =>
    Promise.all(
      inputs.map(async (input) => {
        const parsed = await parse(input);
        if (!parsed.ok) return parsed;
        const signed = await verifyStatement(parsed.value, verify);
        if (!signed.ok) return refuse(signed.reason);
        const { id, canonical, document } = parsed.value;
        return ok({ id, canonical, issuer: document.issuer });
      }),
    );
