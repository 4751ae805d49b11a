const UNIT = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a parsed policy duration (`24h`). */
export const durationMs = (duration: string): number =>
  Number(duration.slice(0, -1)) * UNIT[duration.at(-1) as keyof typeof UNIT];

/** UTC in whole seconds, as statements carry it. */
export const timestampOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** UTC in milliseconds, as log entries carry it. */
export const logTimeOf = (ms: number): string => new Date(ms).toISOString();
