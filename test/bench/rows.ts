import { createHash, hash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { digestLines } from '../../protocol/rows/jsonl.ts';
import { RowDigester } from '../../protocol/rows/row-digester.ts';
import { RowTree } from '../../protocol/rows/row-tree.ts';
import { sha256Into } from '../../protocol/sha256/node.ts';
import { here, startChild, withFolder } from './child.ts';
import { line, medianMs, mib, percent, perSecond, settleDisk } from './report.ts';

const REAL = here('../../../shared/data/gsm8k/train.jsonl');

/** What one run of rows-process.ts says. */
export interface RowsRun {
  rows: number;
  seconds: number;
  /** Bytes of memory at its highest. */
  peak: number;
}

/** Rows of a file of JSON lines: how fast on all cores, where the time goes on one, and the memory for a file of 10 GB. */
export async function benchRows(largest: number): Promise<void> {
  const sample = new Uint8Array(existsSync(REAL) ? readFileSync(REAL) : madeUp());
  await withFolder(async (folder) => {
    const file = join(folder, 'rows.jsonl');
    grow(file, sample, 0, 1.1e9);
    const bytes = Math.ceil(1.1e9 / sample.length) * sample.length;
    await hashRows(file);
    const runs = [await hashRows(file), await hashRows(file), await hashRows(file)];
    const { rows, seconds } = runs.toSorted((a, b) => a.seconds - b.seconds)[1] as RowsRun;
    const perByte = (await medianMs(3, async () => shaAlone(sample))) / sample.length;
    const limit = `SHA-256 alone of the same bytes, one core: ${perSecond((rows * 1000) / (perByte * bytes))}`;
    line(`rows of ${(bytes / 1e9).toFixed(1)} GB of JSON lines, all cores`, perSecond(rows / seconds), limit);
    await benchShares(sample);
    grow(file, sample, bytes, largest);
    const { peak } = await hashRows(file);
    line(`memory for ${(largest / 1e9).toFixed(0)} GB of them, at its highest`, mib(peak), '512 MiB allowed');
  });
}

/** Where the time of one core goes, row by row. */
async function benchShares(sample: Uint8Array): Promise<void> {
  const text = Buffer.from(sample).toString().trimEnd().split('\n');
  const each = async (work: () => void): Promise<number> => (await medianMs(7, async () => work())) / text.length;
  const digester = new RowDigester();
  let digests = new Uint8Array();
  const rows = await each(() => {
    digestLines(digester, sample, 0, sample.length);
    digests = digester.take().slice();
  });
  const leaf = new Uint8Array(32);
  const mean = Math.floor(sample.length / text.length);
  const hashing = await each(() => {
    for (let i = 0; i < text.length; i++) sha256Into(sample.subarray(i, i + mean), leaf, 0);
  });
  const growTree = (): void => {
    const tree = new RowTree();
    tree.append(digests);
    tree.root();
  };
  // As in a large file, where nodes are hashed four at once.
  for (let i = 0; i < 10; i++) growTree();
  const tree = await each(growTree);
  const file = await each(() => shaAlone(sample));
  const plain = await each(() => {
    for (const row of text) hash('sha256', `\0${canonicalize(JSON.parse(row)) ?? ''}`, 'buffer');
  });
  const total = rows + tree + file;
  const share = (ms: number): string => percent(ms / total);
  line(
    'one core, row digests, tree and file digest',
    perSecond(1000 / total),
    `parse and canonicalise ${share(rows - hashing)}, hash ${share(hashing)}, tree ${share(tree)}, file ${share(file)}`,
  );
  line('one core, JSON.parse, canonicalize and a hash', perSecond(1000 / plain), 'row digests alone');
}

const shaAlone = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Hashes the file in a process of its own. */
async function hashRows(file: string): Promise<RowsRun> {
  const { child, ready } = await startChild<RowsRun>([here('./rows-process.ts'), file]);
  if (child.exitCode === null) await once(child, 'exit');
  return ready;
}

function grow(file: string, sample: Uint8Array, from: number, to: number): void {
  if (from === 0) writeFileSync(file, '');
  const block = Buffer.concat(Array.from({ length: Math.ceil(32e6 / sample.length) }, () => sample));
  let bytes = from;
  for (; bytes + block.length < to; bytes += block.length) appendFileSync(file, block);
  for (; bytes < to; bytes += sample.length) appendFileSync(file, sample);
  settleDisk();
}

/** Rows of the same shape as the real ones, where those are not there. */
function madeUp(): Buffer {
  const rows = Array.from({ length: 7500 }, (_, i) => {
    const question = `${`Ada has ${i} apples and buys ${i % 7} more. `.repeat(5)}How many does she have?`;
    const answer = `${`She has ${i}+${i % 7} = <<${i}+${i % 7}=${i + (i % 7)}>>${i + (i % 7)}.\n`.repeat(6)}#### ${i + (i % 7)}`;
    return `{"question": ${JSON.stringify(question)}, "answer": ${JSON.stringify(answer)}}\n`;
  });
  return Buffer.from(rows.join(''));
}
