import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { Persona, serveRegistry, type ServedRegistry } from '../../client/cli/testing/processes.ts';
import { signerOf } from './statements.ts';

export const VERIFIED = ['--framework', 'nist-800-63-4', '--level', 'IAL2', '--method', 'in-person'];

export interface Line {
  line: number;
  outcome: string;
  did?: string;
  id?: string;
  code?: string;
}

export const outcomes = (lines: readonly Line[]): Record<string, number> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(lines, ({ outcome }) => outcome)).map(([outcome, of]) => [outcome, of?.length ?? 0]),
  );

export interface Listed {
  id: string;
  did: string;
  nullifier: string;
  state: string | null;
  validUntil: string | null;
  verification: Record<string, string>;
}

export const didOf = async (name: string): Promise<string> => (await signerOf(`issuing: ${name}`)).did;

export const listed = async (by: Persona, ...options: string[]): Promise<Listed[]> =>
  (await by.do('credentials', 'list', ...options))['credentials'] as Listed[];

/** Everybody has one credential of this issuer, and one only; and this machine remembers it. */
export async function expectOnce(by: Persona, people: number): Promise<void> {
  const credentials = await listed(by);
  expect(credentials).toHaveLength(people);
  expect(new Set(credentials.map(({ did }) => did)).size).toBe(people);
  const local = await listed(by, '--local');
  expect(new Set(local.map(({ id }) => id))).toEqual(new Set(credentials.map(({ id }) => id)));
}

/** A registry, and a home in which issuers work. */
export class Office {
  readonly home: string;
  readonly registry: ServedRegistry;
  #count = 0;

  private constructor(home: string, registry: ServedRegistry) {
    this.home = home;
    this.registry = registry;
  }

  static async open(): Promise<Office> {
    const home = mkdtempSync(join(tmpdir(), 'firsthand-issuing-'));
    return new Office(home, await serveRegistry(home, 'data'));
  }

  async close(): Promise<void> {
    await this.registry.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** An accredited issuer with a record of its own. */
  async issuer(): Promise<Persona> {
    const { home, registry } = this;
    const who = await new Persona(home, `issuer-${++this.#count}`, registry.url).withNewKey();
    const operator = new Persona(home, 'operator', registry.url).withKeyFile(registry.operatorKeyFile);
    const role = ['--role', 'identity-issuer', '--name', who.name];
    await operator.do('accredit', who.did, ...role, '--framework', 'nist-800-63-4=IAL2');
    return who;
  }

  /** A file of people whose keys are their own. */
  async people(people: number, name = `people-${++this.#count}`): Promise<string> {
    const dids = await Promise.all(Array.from({ length: people }, (_, i) => didOf(`${name} ${i}`)));
    const lines = dids.map((did, i) => `${did},passport ${name}-${i}\n`);
    writeFileSync(join(this.home, `${name}.csv`), `did,person\n${lines.join('')}`);
    return `${name}.csv`;
  }

  results(file: string): Line[] {
    const lines = readFileSync(join(this.home, file), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
  }

  async logSize(): Promise<number> {
    return ((await (await fetch(`${this.registry.url}/healthz`)).json()) as { size: number }).size;
  }

  /** The registry behind something that meddles: `meddle` answers whether it dealt with the exchange. */
  async meddler(
    meddle: (
      incoming: IncomingMessage,
      outgoing: ServerResponse,
      pass: (edit: (body: string) => string) => void,
    ) => boolean,
  ): Promise<string> {
    const { registry } = this;
    const server = createServer((incoming, outgoing) => {
      const pass = (edit: (body: string) => string): void => {
        const { host: _, 'accept-encoding': __, ...headers } = incoming.headers;
        const onward = forward(`${registry.url}${incoming.url}`, { method: incoming.method, headers }, (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () => {
            if (outgoing.destroyed) return;
            const { 'content-length': ___, 'transfer-encoding': ____, ...rest } = answer.headers;
            outgoing.writeHead(answer.statusCode ?? 500, rest);
            outgoing.end(edit(Buffer.concat(chunks).toString()));
          });
        });
        // Whoever breaks off here breaks off there; otherwise the registry would wait for the rest.
        onward.on('error', () => outgoing.destroy());
        incoming.on('close', () => {
          if (!incoming.complete) onward.destroy();
        });
        incoming.pipe(onward);
      };
      if (!meddle(incoming, outgoing, pass)) pass((body) => body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
}
