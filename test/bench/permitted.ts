import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TaskType } from '../../schemas/dataset-record.ts';
import type { Statement } from '../../schemas/statement.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { digestOf } from '../../protocol/digest.ts';
import { canonicalJson } from '../../protocol/json.ts';
import { createApp } from '../../worker/app.ts';
import type { Submission } from '../../worker/admission/admit.ts';
import { createSequencer, type Sequencer } from '../../worker/log/sequencer.ts';
import { createFileBlobs } from '../../worker/node/file-blobs.ts';
import { openSqlite } from '../../worker/node/sqlite.ts';
import { depsOver, ORIGIN } from '../support/deps.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';
import { withFolder } from './child.ts';
import { line, median } from './report.ts';

const NOW = Date.parse('2026-11-21T08:00:00Z');
const COMMIT = 2000;
/** Rounds of all searches, and those of them that warm the code. */
const RUNS = 60;
const WARM = 20;
/** Most records are under one of a few licences; some houses have rules beside theirs, the same for all that they publish. */
const LICENCES = [
  ...Array.from({ length: 8 }, () => 'CC-BY-4.0'),
  ...Array.from({ length: 8 }, () => 'MIT'),
  ...Array.from({ length: 6 }, () => 'CC-BY-NC-4.0'),
  'Apache-2.0',
  'CC0-1.0',
  'CC-BY-SA-4.0',
  'CC-BY-NC-SA-4.0',
  'ODC-By-1.0',
  'GPL-3.0-only',
  'LicenseRef-own',
  'MIT OR CC-BY-NC-4.0',
  'CC-BY-NC-4.0 OR CC-BY-ND-4.0',
  'CC-BY-4.0 AND MIT',
];
const COUNTRIES = ['US', 'DE', 'FR', 'JP', 'BR', 'IN', 'CN', 'GB', 'NL', 'PL', 'ES', 'IT'];
const HOUSES = Array.from({ length: 40 }, (_, i): { license: string; rules: RightsRule[] } => ({
  license: LICENCES[(i * 7) % LICENCES.length] as string,
  rules: [
    {
      effect: i % 2 === 0 ? 'permit' : 'prohibit',
      uses: ['train', 'distil'],
      territory: { include: COUNTRIES.filter((_, at) => at === i % 12 || (i * 31) % (at + 2) === 0) },
    },
  ],
}));
const LANGUAGES = ['en', 'de', 'fr', 'ja', 'pt-BR', 'hi', 'zh', 'pl'];

/** Searches, from what a lab would ask to what finds little or nothing. */
const QUERIES = [
  'use=train.finetune&purpose=commercial&modelRelease=closed-weights',
  'use=train.finetune&purpose=commercial&territory=US,DE&modelRelease=closed-weights',
  'use=train',
  'use=train&purpose=research&territory=JP',
  'use=redistribute&purpose=noncommercial',
  'use=derive&purpose=commercial&territory=FR,BR,IN',
  'use=evaluate&taskType=evaluation',
  'use=train&purpose=commercial&domain=topic-3',
  'use=train&purpose=research&modelRelease=internal&language=ja',
  'use=train&purpose=research&modelRelease=internal&domain=topic-900&language=pl',
  'use=train&purpose=commercial&q=rare',
  'use=evaluate&q=record',
  'use=evaluate&q=record%20common&domain=topic-1',
  'use=redistribute&maxAssistance=none',
  'use=search&territory=VA&maxAssistance=editing',
];

/** A number below `n`, that is the same on every run. */
function chance(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/**
 * Search by use, at two sizes, by the app over a database in a file: what a page costs, its first and one from the middle.
 * Also what the same log costs to commit. Records are admitted as ever, but for their signatures.
 */
export async function benchPermitted(small: number, large: number): Promise<void> {
  await withFolder(async (folder) => {
    const migrations = fileURLToPath(new URL('../../migrations/registry', import.meta.url));
    const database = openSqlite(join(folder, 'registry.sqlite'), migrations);
    const content = openSqlite(':memory:', fileURLToPath(new URL('../../migrations/content-index', import.meta.url)));
    const [signer, operator, issuer, alice] = await Promise.all(['log', 'operator', 'issuer', 'alice'].map(signerOf));
    if (signer === undefined || operator === undefined || issuer === undefined || alice === undefined) return;
    const sequencer = createSequencer({ database, origin: ORIGIN, signer, now: () => NOW });
    const stores = { database, content, blobs: createFileBlobs(join(folder, 'blobs')) };
    const app = createApp(await depsOver(stores, { sequencer, now: () => NOW }));
    for (const each of [
      await signed(drafts.accreditation(operator.did), operator),
      await signed(drafts.identityIssuer(issuer.did), operator),
      await signed(drafts.credential(alice.did, 'Alice'), issuer),
    ]) {
      await append(sequencer, [each]);
    }
    const template = (await signed(drafts.record(alice.did, 'bench'), alice)).document;
    const pick = chance(7);
    const ids: StatementId[] = [];
    const figures: Figures[] = [];
    for (const size of [small, large]) {
      let cpu = 0;
      const from = ids.length;
      while (ids.length < size) {
        const group = Array.from({ length: Math.min(COMMIT, size - ids.length) }, (_, i) =>
          recordOf(template, ids.length + i, pick, ids),
        );
        const before = process.cpuUsage();
        await append(sequencer, group);
        const { user, system } = process.cpuUsage(before);
        cpu += user + system;
        ids.push(...group.map(({ id }) => id));
      }
      line(`commit records, ${from} to ${size}`, `${(cpu / (size - from)).toFixed(0)} µs each`, 'processor time');
      figures.push(await searches(app, size));
    }
    const [one, other] = figures;
    if (one === undefined || other === undefined) return;
    for (const [size, { p50, p95 }] of [
      [small, one],
      [large, other],
    ] as const) {
      const growth = size === small ? '' : `${(p50 / one.p50).toFixed(1)} × and ${(p95 / one.p95).toFixed(1)} ×`;
      line(`search by use among ${size}, p50 and p95`, `${p50.toFixed(1)}, ${p95.toFixed(1)} ms`, growth);
    }
    for (const [i, query] of QUERIES.entries()) {
      const [a = 0, b = 0] = [one.medians[i], other.medians[i]];
      line(`  ${query.slice(0, 56)}`, `${b.toFixed(1)} ms`, `${(b / a).toFixed(1)} × that among ${small}`);
    }
    database.close();
    content.close();
  });
}

async function append(sequencer: Sequencer, group: readonly Submission[]): Promise<void> {
  for (const outcome of await sequencer.append(group)) if (!outcome.ok) throw new Error(outcome.reason.detail);
}

/** A record as any other, of which nobody checks the signature here. */
function recordOf(
  template: Statement<'DatasetRecord'>,
  i: number,
  pick: (n: number) => number,
  ids: readonly StatementId[],
): Submission {
  const document = structuredClone(template);
  const subject = document.credentialSubject;
  const house = pick(10) === 0 ? HOUSES[pick(HOUSES.length)] : undefined;
  const license = house?.license ?? LICENCES[pick(LICENCES.length)] ?? 'MIT';
  Object.assign(subject, {
    name: `Record ${i} ${i % 3 === 0 ? 'common' : 'usual'}${i % 997 === 0 ? ' rare' : ''}`,
    taskType: TaskType.options[Math.min(pick(10), pick(10), pick(10))],
    domain: [`topic-${Math.min(pick(1000), pick(1000), pick(1000))}`],
    language: [LANGUAGES[Math.min(pick(8), pick(8))]],
    authorship: { role: 'author', assistance: { level: pick(4) === 0 ? 'synthetic' : 'none' } },
    rights: {
      holder: document.issuer,
      license,
      ...(license.includes('LicenseRef') ? { terms: { digest: digestOf('terms') } } : {}),
      ...(house === undefined ? {} : { rules: house.rules }),
    },
  });
  if (ids.length > 10 && pick(10) === 0) {
    Object.assign(subject, { derivedFrom: [{ id: ids[pick(ids.length)], relation: 'filtered' }] });
  }
  const canonical = canonicalJson(document);
  return { id: digestOf(canonical) as StatementId, kind: 'DatasetRecord', document, canonical };
}

interface Figures {
  p50: number;
  p95: number;
  /** Of each query. */
  medians: number[];
}

/** Times in milliseconds, of answers from a warm registry. */
async function searches(app: ReturnType<typeof createApp>, size: number): Promise<Figures> {
  const times = QUERIES.map((): number[] => []);
  for (let run = 0; run < RUNS; run++) {
    for (const [i, query] of QUERIES.entries()) {
      const start = performance.now();
      const after = run % 2 === 0 ? '' : `&after=${Math.floor(size / 2)}`;
      const response = await app.request(`/v1/datasets?${query}${after}`);
      if (response.status !== 200) throw new Error(await response.text());
      await response.text();
      if (run >= WARM) times[i]?.push(performance.now() - start);
    }
  }
  const all = times.flat().sort((a, b) => a - b);
  const at = (share: number): number => all[Math.floor(all.length * share)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), medians: times.map(median) };
}
