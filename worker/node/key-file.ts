import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, closeSync, fsyncSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LogCorrupt } from '../log/log-corrupt.ts';
import { PlainKeyFile } from '../../schemas/key-file.ts';
import { fromBase64Url, toBase64Url, type Bytes } from '../../protocol/bytes.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { signerInThread } from './ed25519.ts';

/** A service's own key: a file that only its owner can read. Made at the first start, and never instead of a lost one. */
export async function loadKeyFile(file: string, name: string, isFirstStart: boolean): Promise<Signer> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const existing = readKey(file);
  if (existing !== null) return existing;
  if (!isFirstStart) throw new LogCorrupt(`the key ${file} is missing; restore it from a backup`);
  const seed = new Uint8Array(randomBytes(32));
  const signer = await signerInThread(seed);
  const key: PlainKeyFile = { firsthand: 'key/v1', name, did: signer.did, seed: toBase64Url(seed) };
  const handle = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(handle, `${JSON.stringify(key, null, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return signer;
}

function readKey(file: string): Promise<Signer> | null {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0) throw new Error(`${file} can be read by others; run: chmod 600 ${file}`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below, with the file's name.
  }
  const key = PlainKeyFile.safeParse(value);
  const seed = key.success ? fromBase64Url(key.data.seed) : null;
  if (!key.success || seed?.length !== 32) throw new Error(`${file} is not a key file; restore it from a backup`);
  return signerOf(seed, key.data.did, file);
}

async function signerOf(seed: Bytes, did: string, file: string): Promise<Signer> {
  const signer = await signerInThread(seed);
  if (signer.did !== did) throw new Error(`${file} says it is ${did}, but its seed is not`);
  return signer;
}
