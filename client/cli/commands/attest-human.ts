import { HumanCredentialSubject } from '../../../schemas/human-credential.ts';
import { Did, Timestamp } from '../../../schemas/primitives.ts';
import { timestampOf } from '../../../protocol/time.ts';
import { RegistryError } from '../../errors.ts';
import type { BatchResult } from '../../submit-batch.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readFlag, readOptional, splitPair } from '../flags.ts';
import { issueAll, settleEarlier } from '../issuing/issue.ts';
import { allIssued, openIssuer } from '../issuing/issuer.ts';
import { Journal } from '../issuing/journal.ts';
import type { Wanted } from '../issuing/people-file.ts';
import { planFor } from '../issuing/plan.ts';
import { nullifierOfFlag } from '../keys/nullifier.ts';
import { text } from '../terminal.ts';

export interface AttestOptions {
  framework?: string;
  level?: string;
  method?: string;
  person?: string;
  verifiedAt?: string;
  expertise?: string[];
  validUntil?: string;
  csv?: string;
  dryRun?: boolean;
  results?: string;
}

/** Attests one person, or with --csv a file of them. Safe to repeat: nobody is attested the same twice. */
export async function attestHuman(cli: Cli, did: string | undefined, options: AttestOptions): Promise<number> {
  if (options.csv !== undefined) {
    if (did !== undefined || options.person !== undefined)
      throw new CliError('usage', '--csv: the keys and persons are in the file; leave DID and --person out');
    return (await import('./attest-csv.ts')).attestCsv(cli, options.csv, options);
  }
  for (const flag of ['results', 'dryRun'] as const) {
    if (options[flag] !== undefined)
      throw new CliError('usage', `--${flag === 'dryRun' ? 'dry-run' : flag} goes with --csv`);
  }
  if (did === undefined) throw new CliError('usage', 'whom? Give the DID of one person, or --csv FILE');
  for (const flag of ['framework', 'level', 'method', 'person'] as const) {
    if (options[flag] === undefined) throw new CliError('usage', `--${flag} is missing`);
  }
  await attestOne(cli, readFlag(Did, did, 'DID'), options);
  return 0;
}

async function attestOne(cli: Cli, did: Did, options: AttestOptions): Promise<void> {
  const verifiedAt = readOptional(Timestamp, options.verifiedAt, '--verified-at');
  const validUntil = readOptional(Timestamp, options.validUntil, '--valid-until');
  const issuer = await openIssuer(cli);
  const nullifier = await nullifierOfFlag(cli, issuer.key, options.person ?? '');
  const { framework, level, method } = options;
  const { verification, expertise } = readFlag(
    HumanCredentialSubject,
    {
      id: did,
      verification: { framework, level, method, verifiedAt: verifiedAt ?? timestampOf(cli.now()) },
      nullifier,
      ...(options.expertise === undefined ? {} : { expertise: options.expertise.map(expertiseOf) }),
    },
    'the credential',
  );
  const wanted: Wanted = {
    line: 0,
    did,
    nullifier,
    verification: { ...verification, verifiedAt },
    expertise,
    validUntil,
  };

  const journal = await Journal.open(cli, issuer.log, issuer.did);
  try {
    const stop = new AbortController().signal;
    await settleEarlier({ ...issuer, journal, stop });
    const plan = planFor([wanted], await allIssued(issuer, { subject: did }), issuer.did);
    const [already] = plan.already;
    if (already !== undefined) {
      cli.out.result(
        { ...(await issuer.client.receipt(already.credential.id)), isNew: false },
        () => text`was attested already: ${did}, ${framework ?? ''} ${level ?? ''}
${already.credential.id}
logged as entry ${already.credential.index} at ${already.credential.loggedAt}
(verified anew? Say when, with --verified-at)`,
      );
      return;
    }
    const fault = plan.faults.find(({ column }) => column === 'did');
    if (fault !== undefined) throw new CliError('conflict', `${did} ${fault.message}`);
    let result: BatchResult | undefined;
    // Whether the issuer may is for the registry to say.
    const issuing = { ...issuer, signer: await issuer.signer(), journal, now: cli.now, stop };
    await issueAll([wanted], issuing, async (_, results) => void (result = results?.[0]));
    if (result?.ok !== true) throw new RegistryError((result as Extract<BatchResult, { ok: false }>).reason);
    const { id, index, loggedAt, receipt, isNew } = result.value;
    cli.out.result(
      { id, index, loggedAt, receipt, isNew },
      () =>
        text`attested ${did} as a human, ${framework ?? ''} ${level ?? ''}\n${id}\nlogged as entry ${index} at ${loggedAt}`,
    );
  } finally {
    await journal.close();
  }
}

export function expertiseOf(pair: string): { field: string; basis: string } {
  const [field, basis] = splitPair(pair, '--expertise');
  return { field, basis };
}
