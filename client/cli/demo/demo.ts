import { cp, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cli } from '../context.ts';
import { text } from '../terminal.ts';
import { Stage } from './stage.ts';

const SAMPLES = new URL('../../../test/samples/', import.meta.url);

/** A lab that takes only what people wrote, with an editor’s help at most. */
const HUMAN_ONLY = `policy: firsthand/v1
human:
  required: true
  minLevel: { nist-800-63-4: IAL2 }
assistance:
  max: editing
trust:
  statusMaxAge: 24h
`;

/** Tells the whole story with the real commands, and checks that each ends as it should. */
export async function demo(cli: Cli): Promise<void> {
  const started = cli.now();
  const stage = await Stage.open(cli);
  const release = cli.onStop(() => void stage.close());
  try {
    await tell(stage);
  } finally {
    release();
    await stage.close();
  }
  const seconds = Math.round((cli.now() - started) / 1000);
  cli.out.result(
    { ok: true, seconds, steps: stage.steps },
    () => text`
${cli.out.style.green('Done')}: ${stage.steps.length} commands in ${seconds} s, every one ended as it should. Nothing is left running.

Where to go next
  README.md                  guides for contributors, labs and operators
  firsthand demo --mix       may we train on it? a mix of datasets to ask about
  firsthand serve            a registry of your own, on this machine
  firsthand init --help      describe a dataset of yours, then publish it
  firsthand verify --help    gate a training run on a policy`,
  );
}

async function tell(stage: Stage): Promise<void> {
  stage.say('1. An operator starts a registry.');
  const registry = await stage.serve();
  stage.export('FIRSTHAND_REGISTRY', registry.url);
  stage.export('FIRSTHAND_PASSPHRASE', 'correct horse battery staple');

  stage.say('2. The operator accredits an identity issuer, up to a level.');
  const issuer = await makeKey(stage, 'issuer');
  await stage.run(
    [
      'accredit',
      issuer,
      '--role',
      'identity-issuer',
      '--name',
      'Example Identity',
      '--framework',
      'nist-800-63-4=IAL2',
    ],
    { expect: 0, env: { FIRSTHAND_KEY_FILE: registry.operatorKeyFile } },
  );

  stage.say('3. The issuer verified Ada. It attests her key; how it knows her never leaves its machine.');
  const ada = await makeKey(stage, 'ada');
  await stage.run(
    [
      'attest-human',
      ada,
      '--framework',
      'nist-800-63-4',
      '--level',
      'IAL2',
      '--method',
      'remote-document+liveness',
      '--person',
      'case 2026/117',
      '--key',
      'issuer',
    ],
    { expect: 0 },
  );

  stage.say('4. Ada describes a dataset that she wrote, and publishes it.');
  await cp(fileURLToPath(new URL('kitchen-arithmetic', SAMPLES)), join(stage.folder, 'kitchen'), { recursive: true });
  await describe(stage, 'kitchen', 'Kitchen arithmetic', 'none');
  await stage.run(['publish', 'kitchen', '--key', 'ada'], { expect: 0 });

  stage.say('5. A lab checks the files that it holds.');
  await stage.run(['verify', 'kitchen'], { expect: 0, says: 'PASS' });

  stage.say('6. One byte is tampered with.');
  await cp(join(stage.folder, 'kitchen'), join(stage.folder, 'tampered'), { recursive: true });
  await flipByte(join(stage.folder, 'tampered', 'questions.jsonl'));
  await stage.run(['verify', 'tampered'], { expect: 3, says: 'questions.jsonl was changed' });

  stage.say('7. Ada also publishes a set that a model wrote, and says so. A human-only policy refuses it.');
  await cp(fileURLToPath(new URL('model-made', SAMPLES)), join(stage.folder, 'model-made'), { recursive: true });
  await describe(stage, 'model-made', 'Model-made arithmetic', 'synthetic');
  await stage.run(['publish', 'model-made', '--key', 'ada'], { expect: 0 });
  await writeFile(join(stage.folder, 'human-only.yaml'), HUMAN_ONLY);
  await stage.run(['verify', 'model-made', '--policy', 'human-only.yaml'], { expect: 3, says: 'assistance.level' });
  await stage.run(['verify', 'kitchen', '--policy', 'human-only.yaml'], { expect: 0, says: 'PASS' });

  stage.say('8. Ada withdraws the kitchen set. What was true before stays provable; from now on it fails.');
  const { id } = await stage.ask(['publish', 'kitchen', '--key', 'ada']);
  const before = new Date().toISOString();
  await stage.run(['revoke', String(id), '--reason', 'withdrawn', '--key', 'ada'], { expect: 0 });
  await stage.run(['verify', 'kitchen', '--as-of', before], { expect: 0, says: 'PASS' });
  await stage.run(['verify', 'kitchen'], { expect: 3, says: 'revoked' });

  stage.say('9. A saved certificate is checked with the registry switched off.');
  const { id: other } = await stage.ask(['publish', 'model-made', '--key', 'ada']);
  await stage.run(['certificate', String(other), '-o', 'evidence.json'], { expect: 0 });
  await registry.stop();
  await stage.run(['verify', 'model-made', '--certificate', 'evidence.json', '--offline'], { expect: 0, says: 'PASS' });
}

async function makeKey(stage: Stage, name: string): Promise<string> {
  await stage.run(['key', 'new', '--name', name], { expect: 0 });
  return String((await stage.ask(['key', 'show', '--key', name]))['did']);
}

const describe = (stage: Stage, folder: string, name: string, assistance: string): Promise<string> =>
  stage.run(
    [
      'init',
      folder,
      '--name',
      name,
      '--description',
      'Sample of the Firsthand demo',
      '--task-type',
      'sft-demonstration',
      '--license',
      'CC0-1.0',
      '--assistance',
      assistance,
      '--role',
      'author',
      '--language',
      'en',
      '--domain',
      'mathematics',
      '--yes',
    ],
    { expect: 0 },
  );

async function flipByte(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, 100);
    byte[0] = (byte[0] as number) ^ 1;
    await file.write(byte, 0, 1, 100);
  } finally {
    await file.close();
  }
}
