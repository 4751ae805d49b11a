import * as z from 'zod';

// U+0000–001F, U+007F–009F, and the bidirectional overrides that make text read other than it is.
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE_BUT_LINES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** `sha256:` and 64 lowercase hex digits. */
export const Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 lowercase hex digits')
  .brand<'Digest'>();
export type Digest = z.infer<typeof Digest>;

/** The digest of a statement's canonical bytes, proof included. */
export const StatementId = Digest.brand<'StatementId'>();
export type StatementId = z.infer<typeof StatementId>;

/** A `did:key` that holds an Ed25519 public key (multicodec 0xed01, base58btc). */
export const Did = z
  .string()
  .regex(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/, 'expected an Ed25519 did:key (did:key:z6Mk…)')
  .brand<'Did'>();
export type Did = z.infer<typeof Did>;

/** Of a text in the form of a UTC time: Date.parse takes the 31st of any month, and 24:00, to be in the next day. */
function isCalendarTime(text: string): boolean {
  const [year, month] = [Number(text.slice(0, 4)), Number(text.slice(5, 7))];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
  const day = Number(text.slice(8, 10));
  // HH:MM:SS compare as text.
  return day >= 1 && day <= days && text.slice(11, 13) < '24' && text.slice(14, 16) < '60' && text.slice(17, 19) < '60';
}
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** UTC in whole seconds: `2026-11-21T08:00:00Z`. */
export const Timestamp = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, 'expected UTC in whole seconds, as 2026-11-21T08:00:00Z')
  .refine(isCalendarTime, 'no such date or time');

/** UTC in milliseconds, as the log stamps its entries: `2026-11-21T08:00:00.123Z`. */
export const LogTime = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, 'expected UTC in milliseconds')
  .refine(isCalendarTime, 'no such date or time');

/** A calendar day: `2026-11-21`. */
export const Day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a day, as 2026-11-21')
  .refine((day) => isCalendarTime(`${day}T00:00:00Z`), 'no such day');

/** One line of human text. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !UNPRINTABLE.test(text), 'control and direction-override characters are refused');

/** Human text of several lines. */
export const prose = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !UNPRINTABLE_BUT_LINES.test(text), 'control and direction-override characters are refused');

/** As it was written: it is signed, so nothing may trim or normalise it. */
export const HttpUrl = line(2048)
  .regex(/^https?:\/\/\S+$/, 'expected an http(s) URL')
  .refine((url) => URL.canParse(url), 'expected an http(s) URL');

/** A machine-readable word: `mathematics`, `remote-document+liveness`. */
export const Term = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+/-]*$/, 'expected letters, digits and . _ + / -');

/** BCP 47 in its common shapes: `en`, `pt-BR`, `zh-Hant`. */
export const Language = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'expected a BCP 47 tag');

export const Count = z.int().min(0);

/** A list without duplicates. */
export const uniqueList = <T extends z.ZodType<string>>(item: T, max: number) =>
  z
    .array(item)
    .max(max)
    .refine((list) => new Set(list).size === list.length, 'lists one value twice');
