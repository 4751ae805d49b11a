/** An expected outcome: a value, or the reason there is none. Bugs throw; refusals are values. */
export type Result<T, R> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: R };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const refuse = <R>(reason: R): { readonly ok: false; readonly reason: R } => ({ ok: false, reason });
