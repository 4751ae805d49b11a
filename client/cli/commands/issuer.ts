import { resolve } from 'node:path';
import { HumanCredentialSubject } from '../../../schemas/human-credential.ts';
import { CliError } from '../cli-error.ts';
import type { Bans, Cli } from '../context.ts';
import { readFlag } from '../flags.ts';
import { readIssuerFile } from '../issuer-file.ts';
import { table, text } from '../terminal.ts';
import { listening, logLine, Port } from './serve.ts';

export interface IssuerServeOptions {
  data: string;
  port: string;
  host: string;
}

/** Runs an issuer app on this machine, with no registry beside it, until SIGTERM or SIGINT; then stops it cleanly. */
export async function issuerServe(cli: Cli, file: string, options: IssuerServeOptions): Promise<void> {
  const { host, data } = options;
  const port = readFlag(Port, options.port, '--port');
  const stopped = new Promise<void>((stop) => cli.onStop(stop));
  const issuer = await readIssuerFile(cli, file);
  const dataDir = resolve(data);
  const running = await listening({ host, port }, () =>
    cli.startIssuer({ dataDir, port, host, issuer, log: logLine(cli) }),
  );
  try {
    const { url, did } = running;
    cli.out.result({ issuer: { url, did } }, () => text`issuer  ${url}\n        ${did}\ndata    ${dataDir}`);
    await stopped;
  } finally {
    await running.close();
  }
}

export interface BanOptions {
  data: string;
}

/** Has an issuer app give nothing to a person any more. Safe to repeat. */
export function issuerBan(cli: Cli, nullifier: string, { data }: BanOptions): Promise<void> {
  return withBans(cli, data, async (bans) => {
    const of = nullifierOf(nullifier);
    const isNew = await bans.ban(of);
    cli.out.result(
      { nullifier: of, banned: true, isNew },
      () => text`${of} ${isNew ? 'gets nothing from this issuer any more' : 'was banned already'}
What was issued before holds until it is revoked: firsthand credentials revoke --nullifier ${of}`,
    );
  });
}

/** Takes a ban back. Safe to repeat. */
export function issuerUnban(cli: Cli, nullifier: string, { data }: BanOptions): Promise<void> {
  return withBans(cli, data, async (bans) => {
    const of = nullifierOf(nullifier);
    const isNew = await bans.lift(of);
    cli.out.result(
      { nullifier: of, banned: false, isNew },
      () => text`${of} ${isNew ? 'may enrol again' : 'was not banned'}`,
    );
  });
}

/** Lists whom an issuer app gives nothing any more. */
export function issuerBans(cli: Cli, { data }: BanOptions): Promise<void> {
  return withBans(cli, data, async (bans) => {
    const banned = await bans.list();
    cli.out.result({ banned }, () => {
      if (banned.length === 0) return text`nobody is banned`;
      return text`${table(banned.map(({ nullifier, bannedAt }) => [nullifier, bannedAt])).join('\n')}`;
    });
  });
}

const nullifierOf = (text: string): string => readFlag(HumanCredentialSubject.shape.nullifier, text, 'NULLIFIER');

async function withBans(cli: Cli, data: string, work: (bans: Bans) => Promise<void>): Promise<void> {
  const bans = await cli.openBans(resolve(data));
  if (bans === null) {
    throw new CliError('not-found', `there is no issuer app in ${data}`, 'say where its data is: --data DIR');
  }
  try {
    await work(bans);
  } finally {
    bans.close();
  }
}
