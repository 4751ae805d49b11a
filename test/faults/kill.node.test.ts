import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createHash, randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, onTestFailed, test, vi } from 'vitest';
import type { ParsedStatement } from '../../protocol/statement.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { isAcknowledged, signerFrom, submitBatch, submitOne, type Answer } from '../support/http-registry.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';
import {
  checkHashTiles,
  checkRoot,
  httpTiles,
  openCheckpoint,
  openProof,
  parseVkey,
  readEntries,
  Tree,
  type Checkpoint,
} from '../support/tlog-client.ts';

const KILLS = 20;
/** Statements that a registry must have acknowledged before it is killed: it is hit at work, however slow the machine. */
const AT_WORK = 5;
const SEED = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const random = mulberry32(SEED);
const RUNNER = fileURLToPath(new URL('registry-process.ts', import.meta.url));

interface Running {
  url: string;
  vkey: string;
  operatorKeyFile: string;
  child: ChildProcess;
}

/** What the clients know of a statement: that it was acknowledged, and how; or that they never heard. */
interface Known {
  statement: ParsedStatement;
  answer: Answer | null;
}

const running: ChildProcess[] = [];
const folders: string[] = [];
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

test(
  `the registry is killed ${KILLS} times under load: what it acknowledged stays, once`,
  { timeout: 180_000 },
  async () => {
    onTestFailed(() => console.error(`to repeat this run: SEED=${SEED}`));
    const folder = await mkdtemp(join(tmpdir(), 'firsthand-kill-'));
    folders.push(folder);
    let registry = await start(folder);
    // Only a process that ends by itself leaves what it compiled to the next: those that are killed start faster.
    registry.child.stdin?.end();
    await once(registry.child, 'exit');
    registry = await start(folder);
    const [issuer, alice] = [await signerOf('issuer'), await signerOf('alice')];
    await acknowledge(
      registry,
      await signed(drafts.identityIssuer(issuer.did), await signerFrom(registry.operatorKeyFile)),
    );
    await acknowledge(registry, await signed(drafts.credential(alice.did, 'Alice'), issuer));
    const acknowledged = new Map<string, Answer>();
    const tally = { acknowledged: 0, unheard: 0, 'unheard but logged': 0 };
    let size = 0;

    for (let kill = 0; kill < KILLS; kill++) {
      const { known, ended } = startLoad(registry, alice, kill);
      const isAtWork = (): boolean => known.filter(({ answer }) => answer !== null).length >= AT_WORK;
      await vi.waitUntil(isAtWork, { timeout: 30_000, interval: 5 });
      await sleep(random() * 120);
      registry.child.kill('SIGKILL');
      await once(registry.child, 'exit');
      const seen = await ended;
      registry = await start(folder);

      const { entries, tree } = await readLog(registry);
      if (seen !== null) checkRoot(tree, seen);
      expect(tree.size, 'the log has not shrunk').toBeGreaterThanOrEqual(Math.max(size, seen?.size ?? 0));
      expect(new Set(entries.map(({ id }) => id)).size, 'nothing is logged twice').toBe(entries.length);
      for (const { statement, answer } of known)
        if (isAcknowledged(answer ?? undefined)) acknowledged.set(statement.id, answer as Answer);
      const lost = [...acknowledged].filter(([id, { index, loggedAt }]) => {
        const entry = entries[index as number];
        return entry?.id !== id || entry.loggedAt !== loggedAt;
      });
      expect(lost, 'what was ever acknowledged is where it was').toEqual([]);
      await expectServed(registry, known);

      // Submitting again is safe: what was acknowledged answers as it did, what was not is logged now, if not before.
      const logged = new Set(entries.map(({ id }) => id));
      const again = await resubmit(
        registry,
        known.map(({ statement }) => statement),
      );
      for (const [i, { statement, answer }] of known.entries()) {
        const { status, receipt, index, loggedAt } = again[i] as Answer;
        expect(status, JSON.stringify(again[i])).toBe(logged.has(statement.id) ? 200 : 201);
        const first = answer ?? { receipt, index, loggedAt };
        expect({ receipt, index, loggedAt }).toEqual({
          receipt: first.receipt,
          index: first.index,
          loggedAt: first.loggedAt,
        });
        expect((await openProof(receipt ?? '', parseVkey(registry.vkey))).index).toBe(index);
        acknowledged.set(statement.id, again[i] as Answer);
        tally[answer !== null ? 'acknowledged' : logged.has(statement.id) ? 'unheard but logged' : 'unheard']++;
      }
      size = tree.size;
    }

    const { entries, tree } = await readLog(registry);
    expect(entries.length, 'the log holds what was submitted, and its opening').toBe(acknowledged.size + 4);
    await checkHashTiles(httpTiles(`${registry.url}/log`), tree, tree.size);
    expect(tally.acknowledged).toBeGreaterThanOrEqual(KILLS * AT_WORK);
    console.log(`${KILLS} kills, seed ${SEED}, ${entries.length} entries; when killed: ${JSON.stringify(tally)}`);
  },
);

async function start(folder: string): Promise<Running> {
  const child = spawn(process.execPath, [RUNNER, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(child);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', (code, signal) => reject(new Error(`the registry did not start: ${code ?? signal}`)));
  });
  return { ...(JSON.parse(line) as Omit<Running, 'child'>), child };
}

async function acknowledge({ url }: Running, statement: ParsedStatement): Promise<void> {
  expect(await submitOne(url, statement)).toMatchObject({ status: 201 });
}

/**
 * Several connections, of singles and of batches, until the registry is gone. What is `known` grows meanwhile; in the end
 * there is the newest checkpoint that was seen.
 */
function startLoad(
  registry: Running,
  alice: Signer,
  round: number,
): { known: readonly Known[]; ended: Promise<Checkpoint | null> } {
  const known: Known[] = [];
  let seen: Checkpoint | null = null;
  let isGone = false;
  let count = 0;
  const next = (): Promise<ParsedStatement> =>
    signed(drafts.record(alice.did, `round ${round}, record ${count++}`), alice);
  const client = async (sizeOf: () => number): Promise<void> => {
    while (!isGone) {
      const group = await Promise.all(Array.from({ length: sizeOf() }, next));
      const mine: Known[] = group.map((statement) => ({ statement, answer: null }));
      known.push(...mine);
      try {
        const [first] = group;
        const answers =
          group.length === 1
            ? [await submitOne(registry.url, first as ParsedStatement)]
            : await submitBatch(registry.url, group);
        for (const [i, answer] of answers.entries()) (mine[i] as Known).answer = answer;
      } catch {
        isGone = true;
      }
    }
  };
  const watcher = async (): Promise<void> => {
    const key = parseVkey(registry.vkey);
    while (!isGone) {
      try {
        seen = await openCheckpoint(await (await fetch(`${registry.url}/log/checkpoint`)).text(), key);
      } catch {
        isGone = true;
      }
    }
  };
  const single = (): number => 1;
  const several = (): number => 2 + Math.floor(random() * 60);
  const clients = [single, single, single, single, several, several].map(client);
  const ended = Promise.all([...clients, watcher()]).then(() => {
    expect(
      known.filter(({ answer }) => answer !== null && !isAcknowledged(answer)),
      'a living registry refuses nothing',
    ).toEqual([]);
    return seen;
  });
  return { known, ended };
}

/** The whole log, recomputed from its entry bundles and held against its checkpoint. */
async function readLog({ url, vkey }: Running): Promise<{ entries: { id: string; loggedAt: string }[]; tree: Tree }> {
  const checkpoint = await openCheckpoint(await (await fetch(`${url}/log/checkpoint`)).text(), parseVkey(vkey));
  const read = httpTiles(`${url}/log`);
  const entries = await readEntries(read, checkpoint.size);
  const tree = new Tree(entries);
  checkRoot(tree, checkpoint);
  await checkHashTiles(read, tree, checkpoint.size, true);
  return {
    entries: entries.map((entry) => JSON.parse(new TextDecoder().decode(entry)) as { id: string; loggedAt: string }),
    tree,
  };
}

/** The bodies and receipts of some of what was acknowledged, as anyone may fetch them. */
async function expectServed({ url }: Running, known: readonly Known[]): Promise<void> {
  for (const { statement, answer } of known.filter((each) => each.answer !== null).slice(-5)) {
    const body = await (await fetch(`${url}/v1/statements/${statement.id}`)).text();
    expect(`sha256:${createHash('sha256').update(body).digest('hex')}`).toBe(statement.id);
    expect(await (await fetch(`${url}/v1/statements/${statement.id}/receipt`)).text()).toBe(answer?.receipt);
  }
}

async function resubmit({ url }: Running, statements: readonly ParsedStatement[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < statements.length; at += 500)
    answers.push(...(await submitBatch(url, statements.slice(at, at + 500))));
  return answers;
}

/** A small seeded generator, so that a failing run can be repeated. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
