import { createCipheriv, createDecipheriv, randomBytes, scrypt, type ScryptOptions } from 'node:crypto';
import type { SealedKeyFile } from '../../../schemas/key-file.ts';
import type { Did } from '../../../schemas/primitives.ts';
import { fromBase64Url, toBase64Url, utf8, type Bytes } from '../../../protocol/bytes.ts';

/** RFC 7914 with OWASP's parameters of 2023: 128 MiB and some 0.3 s. */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;

/** Memory that a key file may ask for; scrypt takes 128·N·r bytes. */
const MAX_MEMORY = 1024 ** 3;

/** Name and did are bound to the seed: a sealed seed moved to another file does not open. */
const boundTo = (name: string, did: Did): Bytes => utf8(`firsthand key/v1\n${name}\n${did}`);

/** Seals a 32-byte seed under a passphrase. */
export async function sealSeed(seed: Bytes, passphrase: string, name: string, did: Did): Promise<SealedKeyFile> {
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt, COST), iv);
  cipher.setAAD(boundTo(name, did));
  const sealed = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  return {
    firsthand: 'key/v1',
    name,
    did,
    kdf: { name: 'scrypt', ...COST, salt: toBase64Url(salt) },
    cipher: { name: 'AES-256-GCM', iv: toBase64Url(iv) },
    sealed: toBase64Url(sealed),
  };
}

/** The seed inside, or null where the passphrase is wrong or the file was altered. Throws RangeError past the bounds. */
export async function openSeed(file: SealedKeyFile, passphrase: string): Promise<Bytes | null> {
  const { N, r, p } = file.kdf;
  if (128 * N * r > MAX_MEMORY) throw new RangeError('asks for more than 1 GiB of memory');
  const salt = fromBase64Url(file.kdf.salt);
  const iv = fromBase64Url(file.cipher.iv);
  const sealed = fromBase64Url(file.sealed);
  if (salt === null || iv?.length !== 12 || sealed?.length !== 48 || !isPowerOfTwo(N)) return null;
  const decipher = createDecipheriv('aes-256-gcm', await derive(passphrase, salt, { N, r, p }), iv);
  decipher.setAAD(boundTo(file.name, file.did));
  decipher.setAuthTag(sealed.subarray(32));
  try {
    return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(0, 32)), decipher.final()]));
  } catch {
    return null;
  }
}

const isPowerOfTwo = (n: number): boolean => (n & (n - 1)) === 0;

function derive(passphrase: string, salt: Uint8Array, cost: Pick<ScryptOptions, 'N' | 'r' | 'p'>): Promise<Buffer> {
  const options = { ...cost, maxmem: MAX_MEMORY + 32 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    // The same passphrase typed on another system must give the same bytes.
    scrypt(passphrase.normalize('NFKC'), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
