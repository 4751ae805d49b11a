import { limits } from '../../schemas/limits.ts';
import type { VerifySignature } from '../ed25519/verify.ts';
import { ok, refuse, type Result } from '../result.ts';
import type { Checkpoint } from './checkpoint.ts';
import { COSIGNATURE, ED25519, encodeVkey, parseVkey, verifyNote, type VerifierKey } from './note.ts';

/** What a verifier trusts: C2SP tlog-policy. */
export interface TrustPolicy {
  logs: { key: VerifierKey; url: string | null }[];
  witnesses: { key: VerifierKey; url: string | null }[];
  /** Whether cosignatures by these witnesses (by vkey: four bytes of key id can be made to collide) suffice. */
  quorum(cosigners: ReadonlySet<string>): boolean;
  /** `none`, or the name that the file gives. */
  quorumName: string;
}

const MAX_MEMBERS = 256;

/** Reads a tlog-policy text. The reason names the line at fault. */
export function parseTrustPolicy(text: string): Result<TrustPolicy, string> {
  if (text.length > limits.policyBytes) return refuse(`larger than ${limits.policyBytes} bytes`);
  const logs: TrustPolicy['logs'] = [];
  const witnesses: TrustPolicy['witnesses'] = [];
  const components = new Map<string, TrustPolicy['quorum']>();
  const grouped = new Set<string>();
  const keys = new Set<string>();
  let quorum: TrustPolicy['quorum'] | null = null;
  let quorumName = '';
  for (const [number, line] of text.split('\n').entries()) {
    const at = (why: string): Result<never, string> => refuse(`line ${number + 1}: ${why}`);
    const words = line.trim().split(/\s+/);
    const [keyword = '', ...rest] = words;
    if (keyword === '' || keyword.startsWith('#')) continue;
    if (keyword === 'log' || keyword === 'witness') {
      const [vkey = '', url = null] = keyword === 'log' ? rest : rest.slice(1);
      const name = keyword === 'log' ? null : (rest[0] ?? '');
      if (rest.length > (name === null ? 2 : 3)) return at('has too many words');
      const key = parseVkey(vkey);
      if (!key.ok) return at(`its key is ${key.reason}`);
      const type = keyword === 'log' ? ED25519 : COSIGNATURE;
      if (key.value.type !== type) return at(`a ${keyword} has a key of type ${type}`);
      const fingerprint = `${key.value.type}:${key.value.publicKey.join()}`;
      if (keys.has(fingerprint)) return at('gives a key twice');
      keys.add(fingerprint);
      if (name === null) logs.push({ key: key.value, url });
      else {
        if (name === 'none' || components.has(name)) return at(`the name ${name} is taken`);
        components.set(name, (cosigners) => cosigners.has(encodeVkey(key.value)));
        witnesses.push({ key: key.value, url });
      }
    } else if (keyword === 'group') {
      const [name = '', threshold = '', ...members] = rest;
      if (name === 'none' || components.has(name)) return at(`the name ${name} is taken`);
      if (members.length === 0 || members.length > MAX_MEMBERS) return at('has no members, or too many');
      const needed = threshold === 'any' ? 1 : threshold === 'all' ? members.length : Number(threshold);
      if (!/^(any|all|[1-9]\d{0,2})$/.test(threshold) || needed > members.length)
        return at('has an impossible threshold');
      const parts: TrustPolicy['quorum'][] = [];
      for (const member of members) {
        const part = components.get(member);
        if (part === undefined) return at(`${member} is not defined on an earlier line`);
        if (grouped.has(member)) return at(`${member} is in a group already`);
        grouped.add(member);
        parts.push(part);
      }
      components.set(name, (cosigners) => parts.filter((part) => part(cosigners)).length >= needed);
    } else if (keyword === 'quorum') {
      if (quorum !== null) return at('a second quorum');
      if (rest.length !== 1) return at('names one group, one witness, or none');
      quorumName = rest[0] as string;
      quorum = quorumName === 'none' ? () => true : (components.get(quorumName) ?? null);
      if (quorum === null) return at(`${quorumName} is not defined on an earlier line`);
    } else {
      return at(`unknown keyword ${JSON.stringify(keyword.slice(0, 40))}`);
    }
  }
  if (quorum === null) return refuse('names no quorum');
  return logs.length === 0 ? refuse('names no log') : ok({ logs, witnesses, quorum, quorumName });
}

/** Judges a checkpoint: signed by the log whose origin it names, and cosigned by a quorum. */
export async function judgeCheckpoint(
  checkpoint: Checkpoint,
  trust: TrustPolicy,
  verify: VerifySignature,
): Promise<{ log: Result<VerifierKey, string>; quorum: Result<number, string> }> {
  const logs = trust.logs.map((log) => log.key).filter((key) => key.name === checkpoint.origin);
  const witnesses = trust.witnesses.map((witness) => witness.key);
  if (logs.length === 0) {
    const reason = `the log ${checkpoint.origin} is not one you trust`;
    return { log: refuse(reason), quorum: refuse(reason) };
  }
  const signers = await verifyNote(checkpoint.note, [...logs, ...witnesses], verify);
  if (!signers.ok) return { log: refuse(`the checkpoint ${signers.reason}`), quorum: refuse(signers.reason) };
  const log = signers.value.find((key) => logs.includes(key));
  const cosigners = new Set(signers.value.filter((key) => witnesses.includes(key)).map(encodeVkey));
  return {
    log: log === undefined ? refuse('the checkpoint is not signed by its log') : ok(log),
    quorum: trust.quorum(cosigners) ? ok(cosigners.size) : refuse(`${cosigners.size} known cosignatures are no quorum`),
  };
}
