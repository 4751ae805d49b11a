import * as z from 'zod';
import { Did } from './primitives.ts';

const Base64Url = z.string().regex(/^[A-Za-z0-9_-]{1,512}$/);

const Common = z.strictObject({ firsthand: z.literal('key/v1'), name: z.string().min(1).max(64), did: Did });

/** A key as it lies on disk, mode 0600: its 32-byte seed sealed under a passphrase. */
export const SealedKeyFile = Common.extend({
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    N: z.int().min(1024).max(1_048_576),
    r: z.int().min(1).max(32),
    p: z.int().min(1).max(16),
    salt: Base64Url,
  }),
  cipher: z.strictObject({ name: z.literal('AES-256-GCM'), iv: Base64Url }),
  sealed: Base64Url,
});
export type SealedKeyFile = z.infer<typeof SealedKeyFile>;

/** The same without a passphrase: a service's key, which starts unattended. */
export const PlainKeyFile = Common.extend({ seed: Base64Url });
export type PlainKeyFile = z.infer<typeof PlainKeyFile>;

export const KeyFile = z.union([SealedKeyFile, PlainKeyFile]);
export type KeyFile = z.infer<typeof KeyFile>;
